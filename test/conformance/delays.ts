import { assert } from 'chai'
import type { Watch } from './scene.ts'

/** A retry policy that reconnects quickly, also after failures. */
export const soon = { initialDelay: 10, jitter: 0, factor: 1 }

/** Returns the delays of the next error events. */
export async function delaysOf(watch: Watch, count: number): Promise<(number | undefined)[]> {
  const delays: (number | undefined)[] = []
  for (let index = 0; index < count; index++) delays.push((await watch.nextError()).delay)
  return delays
}

/** Asserts that the connection has failed. */
export function assertFailed(watch: Watch): void {
  assert.equal(watch.source.readyState, 2)
}
