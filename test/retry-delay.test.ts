import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decide } from '../src/retry.ts'

import {
  anyHistory,
  anyLoss,
  anyPolicy,
  delayOf,
  half,
  history,
  interruption,
  least,
  maxTimerDelay,
  most,
  policy,
  randomNumber,
} from './retry-inputs.ts'

describe('The default policy chooses the delay', () => {
  it.each([
    ['The delay after a stream that had worked is at least the reconnection time', 0, least, 3_000],
    ['The delay after a stream that had worked is at most a fifth over the reconnection time', 0, most, 3_600],
    ['The delay after the first failure is at most twice the reconnection time', 1, least, 6_000],
    ['The delay after a failure can be any part of that', 1, half, 3_000],
    ['The delay after a failure is never 0', 1, most, 1],
    ['The delay after the second failure is at most four times the reconnection time', 2, least, 12_000],
    ['The delay after the third failure is at most eight times the reconnection time', 3, least, 24_000],
    ['The delay never exceeds 30 s', 4, least, 30_000],
    ['The delay does not exceed 30 s after thousands of failures', 5_000, least, 30_000],
  ])('%s', (_, failures, random, delay) => {
    expect(decide(interruption(), history({ failures }), policy(), random)).toEqual({ delay })
  })

  it("The delay grows from the server's reconnection time", () => {
    const given = { failures: 2, serverReconnectionTime: 100 }
    expect(decide(interruption(), history(given), policy(), least)).toEqual({ delay: 400 })
  })

  it("The random delay is never below the server's reconnection time", () => {
    const given = { failures: 2, serverReconnectionTime: 100 }
    expect(decide(interruption(), history(given), policy(), most)).toEqual({ delay: 100 })
  })

  it("The delay is the server's reconnection time where that exceeds the maximum delay", () => {
    const given = { failures: 2, serverReconnectionTime: 60_000 }
    expect(decide(interruption(), history(given), policy(), least)).toEqual({ delay: 60_000 })
  })

  it('The delay grows even if the server asks for no delay', () => {
    const delays = [1, 2, 3, 10].map((failures) =>
      delayOf(decide(interruption(), history({ failures, serverReconnectionTime: 0 }), policy(), least)),
    )
    expect(delays).toEqual([2, 4, 8, 1_024])
  })

  it('The delay is at least what Retry-After asks for', () => {
    expect(decide(interruption({ retryAfter: 45_000 }), history(), policy(), half)).toEqual({
      delay: 45_000,
    })
    expect(decide(interruption({ retryAfter: 10 }), history(), policy(), half)).toEqual({
      delay: 3_000,
    })
  })
})

describe('Every policy chooses a valid delay', () => {
  const anyInterruption = [anyLoss, anyHistory, anyPolicy, randomNumber] as const

  it('The delay is a whole number of ms that a timer can hold', () => {
    fc.assert(
      fc.property(...anyInterruption, (outcome, before, given, random) => {
        const delay = delayOf(decide(outcome, before, policy(given), () => random))
        expect(delay).toSatisfy(Number.isInteger)
        expect(delay).toBeGreaterThanOrEqual(0)
        expect(delay).toBeLessThanOrEqual(maxTimerDelay)
      }),
      { numRuns: 2_000 },
    )
  })

  it("The delay is never below the server's reconnection time or Retry-After", () => {
    fc.assert(
      fc.property(...anyInterruption, (outcome, before, given, random) => {
        const delay = delayOf(decide(outcome, before, policy(given), () => random))
        const asked = Math.max(before.serverReconnectionTime ?? 0, outcome.retryAfter ?? 0)
        expect(delay).toBeGreaterThanOrEqual(Math.min(asked, maxTimerDelay))
      }),
      { numRuns: 2_000 },
    )
  })

  it('The delay after a failure never exceeds the maximum delay unless the server asks for more', () => {
    fc.assert(
      fc.property(...anyInterruption, (outcome, before, given, random) => {
        fc.pre(before.failures > 0)
        const applied = policy(given)
        const delay = delayOf(decide(outcome, before, applied, () => random))
        const longest = Math.max(applied.maxDelay, before.serverReconnectionTime ?? 0, outcome.retryAfter ?? 0)
        expect(delay).toBeLessThanOrEqual(Math.ceil(longest))
      }),
      { numRuns: 2_000 },
    )
  })

  it('The delay after a stream that had worked is at most a fifth over the reconnection time or Retry-After', () => {
    fc.assert(
      fc.property(...anyInterruption, (outcome, before, given, random) => {
        const applied = policy(given)
        const delay = delayOf(decide(outcome, { ...before, failures: 0 }, applied, () => random))
        const reconnectionTime = before.serverReconnectionTime ?? applied.initialDelay
        expect(delay).toBeLessThanOrEqual(Math.ceil(Math.max(reconnectionTime * 1.2, outcome.retryAfter ?? 0)))
      }),
      { numRuns: 2_000 },
    )
  })

  it('The delay without jitter depends on no random number', () => {
    fc.assert(
      fc.property(...anyInterruption, (outcome, before, given, random) => {
        const applied = policy({ ...given, jitter: 0 })
        expect(decide(outcome, before, applied, () => random)).toEqual(decide(outcome, before, applied, least))
      }),
    )
  })

  it('The delay without jitter is exactly the reconnection time times the factor for each failure', () => {
    const reconnectionTime = fc.integer({ min: 1, max: 1_000 })
    fc.assert(
      fc.property(reconnectionTime, fc.integer({ min: 1, max: 4 }), fc.nat(8), (initialDelay, factor, failures) => {
        const applied = policy({ initialDelay, factor, maxDelay: Infinity, jitter: 0 })
        const delay = delayOf(decide(interruption(), history({ failures }), applied, half))
        expect(delay).toBe(initialDelay * factor ** failures)
      }),
    )
  })

  it('The delay without jitter never decreases with another failure', () => {
    fc.assert(
      fc.property(anyLoss, anyHistory, anyPolicy, (outcome, before, given) => {
        const applied = policy({ ...given, jitter: 0 })
        const delayAfter = (failures: number): number | false =>
          delayOf(decide(outcome, { ...before, failures }, applied, half))
        expect(delayAfter(before.failures + 1)).toBeGreaterThanOrEqual(Number(delayAfter(before.failures)))
      }),
      { numRuns: 1_000 },
    )
  })

  it('The delay with jitter decreases with the random number after a failure, and increases with it after a success', () => {
    fc.assert(
      fc.property(anyLoss, anyHistory, anyPolicy, randomNumber, randomNumber, (outcome, before, given, one, other) => {
        const applied = policy(given)
        const [smaller, larger] = [one, other].toSorted((a, b) => a - b) as [number, number]
        const withSmaller = Number(delayOf(decide(outcome, before, applied, () => smaller)))
        const withLarger = Number(delayOf(decide(outcome, before, applied, () => larger)))
        if (before.failures) expect(withLarger).toBeLessThanOrEqual(withSmaller)
        else expect(withLarger).toBeGreaterThanOrEqual(withSmaller)
      }),
      { numRuns: 1_000 },
    )
  })

  it('The delay needs at most one random number between 0 and 1', () => {
    let drawn = 0
    decide(interruption(), history(), policy(), () => {
      drawn++
      return 0.5
    })
    expect(drawn).toBe(1)
  })
})
