import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ErrorCode } from '../src/events.ts'
import type { RetryContext, RetryPolicy } from '../src/options/event-source-init.ts'
import type { Policy } from '../src/options/retry-policy.ts'
import { readSettings, type Settings } from '../src/options/settings.ts'
import type { CompletedOutcome } from '../src/outcome.ts'
import { decide, type History } from '../src/retry.ts'

/** The delay of a decision, or false where the connection fails. */
function delayOf({ delay = false }: { readonly delay?: number | false }): number | false {
  return delay
}

/** The maximum delay that a timer can hold. */
const longestDelay = 2_147_483_647

function interruption(details: Partial<CompletedOutcome> = {}): CompletedOutcome {
  return {
    kind: 'lost',
    code: 'network',
    message: 'the network is gone',
    error: undefined,
    status: undefined,
    headers: undefined,
    body: undefined,
    attempt: 1,
    retryAfter: undefined,
    ...details,
  }
}

function refusal(status: number, details: Partial<CompletedOutcome> = {}): CompletedOutcome {
  return interruption({ kind: 'refused', code: 'status', message: `the status is ${status}`, status, ...details })
}

function history(details: Partial<History> = {}): History {
  return { failures: 1, serverReconnectionTime: undefined, canRefreshHeaders: false, ...details }
}

function policy(given: RetryPolicy = {}): Policy {
  return readSettings('http://feed.example/', { retry: given }).retry as Policy
}

/** Fails if it is called: a delay that needs it is not deterministic. */
const noRandom = (): never => {
  throw new Error('a random number was drawn')
}
const least = (): number => 0
const half = (): number => 0.5
const most = (): number => 1 - 2 ** -53

const randomNumber = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

const anyPolicy = fc
  .record(
    {
      initialDelay: fc.oneof(fc.nat(100_000), fc.double({ min: 0, noNaN: true })),
      maxDelay: fc.oneof(fc.nat(100_000), fc.double({ min: 0, noNaN: true })),
      factor: fc.oneof(fc.double({ min: 1, max: 4, noNaN: true }), fc.double({ min: 1, noNaN: true })),
      jitter: fc.double({ min: 0, max: 1, noNaN: true }),
    },
    { requiredKeys: [] },
  )
  .filter(({ initialDelay = 0, maxDelay = Infinity }) => initialDelay <= maxDelay)

const anyHistory = fc.record({
  failures: fc.oneof(fc.nat(20), fc.nat(), fc.constant(Number.MAX_SAFE_INTEGER)),
  serverReconnectionTime: fc.option(fc.oneof(fc.nat(100_000), fc.nat(longestDelay)), { nil: undefined }),
  canRefreshHeaders: fc.boolean(),
})

const anyRetryAfter = fc.option(fc.oneof(fc.nat(100_000), fc.double({ min: 0, noNaN: true })), { nil: undefined })

const anyLoss = fc
  .record({
    kind: fc.constantFrom('ended' as const, 'lost' as const),
    code: fc.constantFrom<ErrorCode>('ended', 'network', 'timeout', 'idle', 'callback'),
    retryAfter: anyRetryAfter,
  })
  .map(interruption)

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
        expect(delay).toBeLessThanOrEqual(longestDelay)
      }),
      { numRuns: 2_000 },
    )
  })

  it("The delay is never below the server's reconnection time or Retry-After", () => {
    fc.assert(
      fc.property(...anyInterruption, (outcome, before, given, random) => {
        const delay = delayOf(decide(outcome, before, policy(given), () => random))
        const asked = Math.max(before.serverReconnectionTime ?? 0, outcome.retryAfter ?? 0)
        expect(delay).toBeGreaterThanOrEqual(Math.min(asked, longestDelay))
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

describe('The policy decides whether a refused response is retried', () => {
  it('A refused response with any status fails unless the policy lists the status', () => {
    for (let status = 200; status < 600; status++) {
      expect(decide(refusal(status), history(), policy(), noRandom), String(status)).toEqual({})
    }
  })

  it.each([
    ['an array', [503, 429]],
    ['a function', (status: number) => status === 503 || status === 429],
  ])('A refused response is retried if %s lists its status', (_, statuses) => {
    const delayAfter = (status: number): number | false =>
      delayOf(decide(refusal(status), history(), policy({ statuses, jitter: 0 }), least))
    expect(delayAfter(503)).toBe(6_000)
    expect(delayAfter(429)).toBe(6_000)
    expect(delayAfter(500)).toBe(false)
    expect(delayAfter(404)).toBe(false)
  })

  it('A response with status 204 fails whatever the policy says, since it tells clients to stop', () => {
    const asked: unknown[] = []
    const say = (value: unknown) => () => {
      asked.push(value)
      return true
    }
    const answer = (context: RetryContext): number => {
      asked.push(context)
      return 0
    }
    const retries: Settings['retry'][] = [policy({ statuses: [204] }), policy({ statuses: say(204) }), answer]
    for (const retry of retries) {
      expect(decide(refusal(204), history({ canRefreshHeaders: true }), retry, least)).toEqual({})
    }
    expect(asked).toEqual([])
  })

  it.each<ErrorCode>(['content-type', 'redirect', 'too-large', 'unsupported', 'body-used'])(
    'A refused response with the code %s fails whatever the policy says',
    (code) => {
      const everything = policy({ statuses: () => true })
      for (const retry of [everything, () => 0]) {
        const outcome = refusal(200, { code })
        expect(decide(outcome, history({ canRefreshHeaders: true }), retry, least)).toEqual({})
      }
    },
  )

  it('A function for statuses that throws is reported as a failed callback', () => {
    const error = new Error('no such status')
    const statuses = (): never => {
      throw error
    }
    expect(decide(refusal(500), history(), policy({ statuses }), least)).toEqual({
      failure: { code: 'callback', message: expect.stringContaining('no such status'), error },
    })
  })

  it('A refused response is reported as such even if it is the last allowed failure', () => {
    expect(decide(refusal(500), history(), policy({ maxAttempts: 1 }), least)).toEqual({})
  })
})

describe('A 401 is retried with fresh headers', () => {
  const retries: Record<string, Settings['retry']> = {
    'the default policy': policy(),
    'a policy with no attempts left': policy({ maxAttempts: 1 }),
    'a policy that lists it': policy({ statuses: [401] }),
    'a function': () => 1_000,
  }

  it.each(Object.entries(retries))('A 401 is retried at once with fresh headers: %s', (_, retry) => {
    const given = history({ canRefreshHeaders: true })
    expect(decide(refusal(401, { retryAfter: 5_000 }), given, retry, noRandom)).toEqual({ delay: 0 })
  })

  it('A second 401 in a row is refused like any other status', () => {
    expect(decide(refusal(401), history(), policy(), least)).toEqual({})
  })

  it('A second 401 in a row is retried if the policy says so', () => {
    expect(decide(refusal(401), history(), policy({ statuses: [401] }), least)).toEqual({
      delay: 6_000,
    })
    expect(decide(refusal(401), history(), () => 7, least)).toEqual({ delay: 7 })
  })

  it('A 401 is not retried with fresh headers if retry is false', () => {
    expect(decide(refusal(401), history({ canRefreshHeaders: true }), false, least)).toEqual({})
  })

  it('No other status is retried with fresh headers', () => {
    for (const status of [400, 402, 403, 407, 500]) {
      const given = history({ canRefreshHeaders: true })
      expect(decide(refusal(status), given, policy(), least), String(status)).toEqual({})
    }
  })
})

describe('maxAttempts limits the failures in a row', () => {
  it('The connection fails after maxAttempts failures in a row', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), fc.nat(2_000), (maxAttempts, failures) => {
        const delay = delayOf(decide(interruption(), history({ failures }), policy({ maxAttempts }), least))
        expect(delay === false).toBe(failures >= maxAttempts)
      }),
    )
  })

  it('The error says how often it failed and what the last failure was', () => {
    const error = new Error('ECONNREFUSED')
    const outcome = interruption({ message: 'no connection', error })
    expect(decide(outcome, history({ failures: 3 }), policy({ maxAttempts: 3 }), least)).toEqual({
      failure: { code: 'gave-up', message: expect.stringMatching(/3 .*no connection/), error },
    })
  })

  it('The error is made from the last failure where that has none', () => {
    const outcome = interruption({ kind: 'ended', code: 'ended', message: 'the server ended the stream' })
    const { failure } = decide(outcome, history(), policy({ maxAttempts: 1 }), least)
    expect(failure?.error).toBeInstanceOf(Error)
    expect(failure?.error).toMatchObject({ message: 'the server ended the stream' })
  })

  it('Refused responses that the policy lists count toward maxAttempts', () => {
    const given = policy({ maxAttempts: 2, statuses: [503] })
    expect(decide(refusal(503), history({ failures: 1 }), given, least)).toEqual({ delay: 6_000 })
    expect(decide(refusal(503), history({ failures: 2 }), given, least)).toMatchObject({
      failure: { code: 'gave-up' },
    })
  })
})

describe('retry: false never reconnects', () => {
  it('retry: false fails the connection whatever happened', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          anyLoss,
          fc.integer({ min: 200, max: 599 }).map((status) => refusal(status)),
        ),
        (outcome) => {
          expect(decide(outcome, history(), false, noRandom)).toEqual({})
        },
      ),
    )
  })
})

describe('A retry function decides on the delay', () => {
  it('A retry function receives what happened', () => {
    const headers = new Headers({ 'Retry-After': '2' })
    const outcome = refusal(503, { headers, body: 'overloaded', attempt: 7, retryAfter: 2_000 })
    const told: RetryContext[] = []
    decide(
      outcome,
      history({ failures: 4, serverReconnectionTime: 250 }),
      (context) => {
        told.push(context)
        return false
      },
      noRandom,
    )
    expect(told).toHaveLength(1)
    expect(told[0]).toMatchObject({
      code: 'status',
      message: 'the status is 503',
      status: 503,
      headers,
      body: 'overloaded',
      attempt: 7,
      retryAfter: 2_000,
      failures: 4,
      reconnectionTime: 250,
    })
  })

  it('A retry function receives a reconnection time of 3,000 ms until the server sets one', () => {
    expect(decide(interruption(), history(), ({ reconnectionTime }) => reconnectionTime, noRandom)).toEqual({
      delay: 3_000,
    })
  })

  it('A retry function is called for any status and for every kind of loss', () => {
    const outcomes = [interruption(), interruption({ kind: 'ended', code: 'ended' }), refusal(500), refusal(404)]
    for (const outcome of outcomes) expect(decide(outcome, history(), () => 5, noRandom)).toEqual({ delay: 5 })
  })

  it.each([
    [0, 0],
    [0.1, 1],
    [1_500, 1_500],
    [longestDelay, longestDelay],
    [longestDelay + 1, longestDelay],
    [1e308, longestDelay],
    [Infinity, longestDelay],
  ])('A retry function that returns %d causes a delay of %d ms', (returned, delay) => {
    expect(decide(interruption(), history(), () => returned, noRandom)).toEqual({ delay })
  })

  it("A retry function can return less than the server's reconnection time and Retry-After", () => {
    const given = history({ serverReconnectionTime: 60_000 })
    expect(decide(interruption({ retryAfter: 60_000 }), given, () => 1, noRandom)).toEqual({
      delay: 1,
    })
  })

  it('A retry function that returns false fails the connection without changing the outcome', () => {
    expect(decide(interruption(), history(), () => false, noRandom)).toEqual({})
  })

  it.each([
    [Number.NaN],
    [-1],
    [-0.1],
    [-Infinity],
    [undefined],
    [null],
    [true],
    [''],
    ['5'],
    [{}],
    [Promise.resolve(1)],
  ])('A retry function that returns %s has failed', (returned) => {
    const decision = decide(interruption(), history(), () => returned as number, noRandom)
    expect(decision).toEqual({
      failure: {
        code: 'callback',
        message: expect.stringContaining(`returned ${returned}`),
        error: expect.any(RangeError),
      },
    })
  })

  it('A retry function that throws has failed, and the error is whatever it threw', () => {
    const anything = fc.oneof(fc.anything({ withNullPrototype: true }), fc.constant(Symbol('thrown')))
    fc.assert(
      fc.property(anything, (thrown) => {
        const fail = (): never => {
          throw thrown
        }
        const decision = decide(interruption(), history(), fail, noRandom)
        const { delay, failure } = decision
        expect(delay).toBeUndefined()
        expect(failure?.code).toBe('callback')
        expect(failure?.error).toBe(thrown)
      }),
    )
  })
})
