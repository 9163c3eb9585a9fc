import { assert, expect } from 'vitest'
import type { ResourceSnapshot } from './resource-snapshot.ts'

/**
 * Expects a program that printed snapshots to use the same resources in the last one as in the first one.
 * @param output the snapshots as JSON, a line each, with the `count` of what the program had done
 * @param counts the expected counts
 * @param heapGrowth the maximum of bytes that the heap may grow by after the second snapshot
 */
export function expectSameResources(output: string, counts: readonly number[], heapGrowth: number): void {
  const snapshots = output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as ResourceSnapshot & { readonly count: number })
  const [first, second, last] = snapshots
  assert(first && second && last)
  expect(snapshots.map(({ count }) => count)).toEqual(counts)
  expect(last.resources).toEqual(first.resources)
  expect(last.signalListeners).toBe(first.signalListeners)
  expect(last.processListeners).toBe(first.processListeners)
  expect(last.heap - second.heap, 'bytes that the heap grew by').toBeLessThan(heapGrowth)
}
