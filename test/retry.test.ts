import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ErrorCode } from '../src/events.ts'
import type { RetryContext, RetryPolicy } from '../src/options/event-source-init.ts'
import type { Policy } from '../src/options/retry-policy.ts'
import { readSettings, type Settings } from '../src/options/settings.ts'
import type { CompletedOutcome } from '../src/outcome.ts'
import { type Decision, decide, type History } from '../src/retry.ts'

/** The delay of a decision, or false where the connection fails. */
function delayOf(decision: Decision): number | false {
  return decision.kind === 'reconnect' && decision.delay
}

/** What a decision to fail reports instead of the outcome. */
function reasonOf(decision: Decision): Extract<Decision, { kind: 'fail' }>['reason'] {
  return decision.kind === 'fail' ? decision.reason : undefined
}

/** The longest delay that a timer can hold. */
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

/** Draws nothing: a delay that calls it is not deterministic. */
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

describe('a delay by the default policy', () => {
  it.each([
    ['after a stream that had worked, the reconnection time', 0, least, 3_000],
    ['and up to a fifth more', 0, most, 3_600],
    ['after the first failure, at the most twice the reconnection time', 1, least, 6_000],
    ['anything less may be drawn', 1, half, 3_000],
    ['but it never is nothing', 1, most, 1],
    ['after the second failure, four times', 2, least, 12_000],
    ['after the third, eight times', 3, least, 24_000],
    ['never over 30 s', 4, least, 30_000],
    ['not even after a thousand failures and more', 5_000, least, 30_000],
  ])('%s', (_, failures, random, delay) => {
    expect(decide(interruption(), history({ failures }), policy(), random)).toEqual({ kind: 'reconnect', delay })
  })

  it("starts from the server's reconnection time", () => {
    const given = { failures: 2, serverReconnectionTime: 100 }
    expect(decide(interruption(), history(given), policy(), least)).toEqual({ kind: 'reconnect', delay: 400 })
  })

  it("is not drawn below the server's reconnection time", () => {
    const given = { failures: 2, serverReconnectionTime: 100 }
    expect(decide(interruption(), history(given), policy(), most)).toEqual({ kind: 'reconnect', delay: 100 })
  })

  it("is the server's reconnection time where that is longer than the longest delay of the policy", () => {
    const given = { failures: 2, serverReconnectionTime: 60_000 }
    expect(decide(interruption(), history(given), policy(), least)).toEqual({ kind: 'reconnect', delay: 60_000 })
  })

  it('grows although the server asks for no delay at all', () => {
    const delays = [1, 2, 3, 10].map((failures) =>
      delayOf(decide(interruption(), history({ failures, serverReconnectionTime: 0 }), policy(), least)),
    )
    expect(delays).toEqual([2, 4, 8, 1_024])
  })

  it('is at least what Retry-After asks for', () => {
    expect(decide(interruption({ retryAfter: 45_000 }), history(), policy(), half)).toEqual({
      kind: 'reconnect',
      delay: 45_000,
    })
    expect(decide(interruption({ retryAfter: 10 }), history(), policy(), half)).toEqual({
      kind: 'reconnect',
      delay: 3_000,
    })
  })
})

describe('any delay by any policy', () => {
  const anyInterruption = [anyLoss, anyHistory, anyPolicy, randomNumber] as const

  it('is a whole number of ms that a timer can hold', () => {
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

  it("is never under the server's reconnection time nor under Retry-After", () => {
    fc.assert(
      fc.property(...anyInterruption, (outcome, before, given, random) => {
        const delay = delayOf(decide(outcome, before, policy(given), () => random))
        const asked = Math.max(before.serverReconnectionTime ?? 0, outcome.retryAfter ?? 0)
        expect(delay).toBeGreaterThanOrEqual(Math.min(asked, longestDelay))
      }),
      { numRuns: 2_000 },
    )
  })

  it('after a failure is never over the longest delay of the policy, unless the server asks for more', () => {
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

  it('after a stream that had worked is at most a fifth over the reconnection time, unless Retry-After asks for more', () => {
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

  it('without jitter depends on no random number', () => {
    fc.assert(
      fc.property(...anyInterruption, (outcome, before, given, random) => {
        const applied = policy({ ...given, jitter: 0 })
        expect(decide(outcome, before, applied, () => random)).toEqual(decide(outcome, before, applied, least))
      }),
    )
  })

  it('without jitter is exact: the reconnection time times the factor for each failure', () => {
    const reconnectionTime = fc.integer({ min: 1, max: 1_000 })
    fc.assert(
      fc.property(reconnectionTime, fc.integer({ min: 1, max: 4 }), fc.nat(8), (initialDelay, factor, failures) => {
        const applied = policy({ initialDelay, factor, maxDelay: Infinity, jitter: 0 })
        const delay = delayOf(decide(interruption(), history({ failures }), applied, half))
        expect(delay).toBe(initialDelay * factor ** failures)
      }),
    )
  })

  it('without jitter never gets shorter with another failure', () => {
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

  it('with jitter never gets longer with a larger random number after a failure, nor shorter after a success', () => {
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

  it('asks for one random number between 0 and 1 at the most', () => {
    let drawn = 0
    decide(interruption(), history(), policy(), () => {
      drawn++
      return 0.5
    })
    expect(drawn).toBe(1)
  })
})

describe('a refused response', () => {
  it('fails whatever its status, unless the policy lists it', () => {
    for (let status = 200; status < 600; status++) {
      expect(decide(refusal(status), history(), policy(), noRandom), String(status)).toEqual({ kind: 'fail' })
    }
  })

  it.each([
    ['an array', [503, 429]],
    ['a function', (status: number) => status === 503 || status === 429],
  ])('is tried again where %s lists its status', (_, statuses) => {
    const delayAfter = (status: number): number | false =>
      delayOf(decide(refusal(status), history(), policy({ statuses, jitter: 0 }), least))
    expect(delayAfter(503)).toBe(6_000)
    expect(delayAfter(429)).toBe(6_000)
    expect(delayAfter(500)).toBe(false)
    expect(delayAfter(404)).toBe(false)
  })

  it('with 204 fails whatever the policy says: that is how a server tells clients to stop', () => {
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
      expect(decide(refusal(204), history({ canRefreshHeaders: true }), retry, least)).toEqual({ kind: 'fail' })
    }
    expect(asked).toEqual([])
  })

  it.each<ErrorCode>(['content-type', 'redirect', 'too-large', 'unsupported', 'body-used'])(
    'for reason of %s fails whatever the policy says',
    (code) => {
      const everything = policy({ statuses: () => true })
      for (const retry of [everything, () => 0]) {
        const outcome = refusal(200, { code })
        expect(decide(outcome, history({ canRefreshHeaders: true }), retry, least)).toEqual({ kind: 'fail' })
      }
    },
  )

  it('reports a function for statuses that throws as a callback that failed', () => {
    const error = new Error('no such status')
    const statuses = (): never => {
      throw error
    }
    expect(decide(refusal(500), history(), policy({ statuses }), least)).toEqual({
      kind: 'fail',
      reason: { code: 'callback', message: expect.stringContaining('no such status'), error },
    })
  })

  it('is what happened also where it would be the last failure that is allowed', () => {
    expect(decide(refusal(500), history(), policy({ maxAttempts: 1 }), least)).toEqual({ kind: 'fail' })
  })
})

describe('401', () => {
  const retries: Record<string, Settings['retry']> = {
    'the default policy': policy(),
    'a policy with no attempts left': policy({ maxAttempts: 1 }),
    'a policy that lists it': policy({ statuses: [401] }),
    'a function': () => 1_000,
  }

  it.each(Object.entries(retries))('is tried again at once with fresh headers: %s', (_, retry) => {
    const given = history({ canRefreshHeaders: true })
    expect(decide(refusal(401, { retryAfter: 5_000 }), given, retry, noRandom)).toEqual({ kind: 'reconnect', delay: 0 })
  })

  it('a second time in a row is refused like any other status', () => {
    expect(decide(refusal(401), history(), policy(), least)).toEqual({ kind: 'fail' })
  })

  it('a second time in a row is up to the policy', () => {
    expect(decide(refusal(401), history(), policy({ statuses: [401] }), least)).toEqual({
      kind: 'reconnect',
      delay: 6_000,
    })
    expect(decide(refusal(401), history(), () => 7, least)).toEqual({ kind: 'reconnect', delay: 7 })
  })

  it('is not mended where retry is false', () => {
    expect(decide(refusal(401), history({ canRefreshHeaders: true }), false, least)).toEqual({ kind: 'fail' })
  })

  it('alone is mended by fresh headers', () => {
    for (const status of [400, 402, 403, 407, 500]) {
      const given = history({ canRefreshHeaders: true })
      expect(decide(refusal(status), given, policy(), least), String(status)).toEqual({ kind: 'fail' })
    }
  })
})

describe('maxAttempts', () => {
  it('is the number of failures in a row after which it gives up', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), fc.nat(2_000), (maxAttempts, failures) => {
        const delay = delayOf(decide(interruption(), history({ failures }), policy({ maxAttempts }), least))
        expect(delay === false).toBe(failures >= maxAttempts)
      }),
    )
  })

  it('says how often it failed, and what the last failure was', () => {
    const error = new Error('ECONNREFUSED')
    const outcome = interruption({ message: 'no connection', error })
    expect(decide(outcome, history({ failures: 3 }), policy({ maxAttempts: 3 }), least)).toEqual({
      kind: 'fail',
      reason: { code: 'gave-up', message: expect.stringMatching(/3 .*no connection/), error },
    })
  })

  it('makes an error of the last failure where there is none', () => {
    const outcome = interruption({ kind: 'ended', code: 'ended', message: 'the server ended the stream' })
    const reason = reasonOf(decide(outcome, history(), policy({ maxAttempts: 1 }), least))
    expect(reason?.error).toBeInstanceOf(Error)
    expect(reason?.error).toMatchObject({ message: 'the server ended the stream' })
  })

  it('counts refused responses that the policy lists', () => {
    const given = policy({ maxAttempts: 2, statuses: [503] })
    expect(decide(refusal(503), history({ failures: 1 }), given, least)).toEqual({ kind: 'reconnect', delay: 6_000 })
    expect(decide(refusal(503), history({ failures: 2 }), given, least)).toMatchObject({
      kind: 'fail',
      reason: { code: 'gave-up' },
    })
  })
})

describe('retry: false', () => {
  it('fails whatever happened', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          anyLoss,
          fc.integer({ min: 200, max: 599 }).map((status) => refusal(status)),
        ),
        (outcome) => {
          expect(decide(outcome, history(), false, noRandom)).toEqual({ kind: 'fail' })
        },
      ),
    )
  })
})

describe('a retry function', () => {
  it('is told what happened', () => {
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

  it('is told 3,000 ms as the reconnection time until the server says otherwise', () => {
    expect(decide(interruption(), history(), ({ reconnectionTime }) => reconnectionTime, noRandom)).toEqual({
      kind: 'reconnect',
      delay: 3_000,
    })
  })

  it('is asked about any status, and about every kind of loss', () => {
    const outcomes = [interruption(), interruption({ kind: 'ended', code: 'ended' }), refusal(500), refusal(404)]
    for (const outcome of outcomes)
      expect(decide(outcome, history(), () => 5, noRandom)).toEqual({ kind: 'reconnect', delay: 5 })
  })

  it.each([
    [0, 0],
    [0.1, 1],
    [1_500, 1_500],
    [longestDelay, longestDelay],
    [longestDelay + 1, longestDelay],
    [1e308, longestDelay],
    [Infinity, longestDelay],
  ])('that returns %d has it wait %d ms', (returned, delay) => {
    expect(decide(interruption(), history(), () => returned, noRandom)).toEqual({ kind: 'reconnect', delay })
  })

  it('may go under the reconnection time of the server and under Retry-After: it has been told of them', () => {
    const given = history({ serverReconnectionTime: 60_000 })
    expect(decide(interruption({ retryAfter: 60_000 }), given, () => 1, noRandom)).toEqual({
      kind: 'reconnect',
      delay: 1,
    })
  })

  it('that returns false fails the connection, and the outcome stays what it was', () => {
    expect(decide(interruption(), history(), () => false, noRandom)).toEqual({ kind: 'fail' })
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
  ])('that returns %s failed', (returned) => {
    const decision = decide(interruption(), history(), () => returned as number, noRandom)
    expect(decision).toEqual({
      kind: 'fail',
      reason: {
        code: 'callback',
        message: expect.stringContaining(`returned ${returned}`),
        error: expect.any(RangeError),
      },
    })
  })

  it('that throws failed, and the error is what it threw, whatever that is', () => {
    const anything = fc.oneof(fc.anything({ withNullPrototype: true }), fc.constant(Symbol('thrown')))
    fc.assert(
      fc.property(anything, (thrown) => {
        const fail = (): never => {
          throw thrown
        }
        const decision = decide(interruption(), history(), fail, noRandom)
        const reason = reasonOf(decision)
        expect(decision.kind).toBe('fail')
        expect(reason?.code).toBe('callback')
        expect(reason?.error).toBe(thrown)
      }),
    )
  })
})
