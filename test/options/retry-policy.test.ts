import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RetryPolicy } from '../../src/options/event-source-init.ts'

import { readPolicy } from './read.ts'

describe('The two delays of a policy are consistent', () => {
  it.each<[RetryPolicy, number, number]>([
    [{ initialDelay: 60_000 }, 60_000, 60_000],
    [{ initialDelay: 60_000, maxDelay: undefined }, 60_000, 60_000],
    [{ initialDelay: 100 }, 100, 30_000],
    [{ maxDelay: 100 }, 100, 100],
    [{ maxDelay: 100, initialDelay: undefined }, 100, 100],
    [{ maxDelay: 60_000 }, 3_000, 60_000],
    [{ initialDelay: 100, maxDelay: 100 }, 100, 100],
    [{ initialDelay: 0, maxDelay: Infinity }, 0, Infinity],
  ])('A given delay adjusts the default of the other one: %o', (given, initialDelay, maxDelay) => {
    expect(readPolicy(given)).toMatchObject({ initialDelay, maxDelay })
  })

  it('Two given delays are accepted unless they contradict each other', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (initialDelay, maxDelay) => {
        if (initialDelay > maxDelay) expect(() => readPolicy({ initialDelay, maxDelay })).toThrow(RangeError)
        else expect(readPolicy({ initialDelay, maxDelay })).toMatchObject({ initialDelay, maxDelay })
      }),
    )
  })
})

describe('statuses selects the statuses to retry', () => {
  it('An array of statuses selects those statuses', () => {
    const { statuses } = readPolicy({ statuses: [408, 503] })
    expect([408, 503, 500, 200].map(statuses)).toEqual([true, true, false, false])
  })

  it('A function for statuses is called directly', () => {
    const statuses = (status: number): boolean => status > 500
    expect(readPolicy({ statuses }).statuses).toBe(statuses)
  })
})
