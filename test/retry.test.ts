import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ErrorReason } from '../src/events.ts'
import type { RetryContext } from '../src/options/event-source-init.ts'
import type { Settings } from '../src/options/settings.ts'
import { decide } from '../src/retry.ts'

import {
  anyLoss,
  delayOf,
  history,
  interruption,
  least,
  maxTimerDelay,
  noRandom,
  policy,
  refusal,
} from './retry-inputs.ts'

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
    const returning = (value: unknown) => () => {
      asked.push(value)
      return true
    }
    const answer = (context: RetryContext): number => {
      asked.push(context)
      return 0
    }
    const retries: Settings['retry'][] = [policy({ statuses: [204] }), policy({ statuses: returning(204) }), answer]
    for (const retry of retries) {
      expect(decide(refusal(204), history({ canRefreshHeaders: true }), retry, least)).toEqual({})
    }
    expect(asked).toEqual([])
  })

  it.each<ErrorReason>(['content-type', 'redirect', 'too-large', 'unsupported', 'body-used'])(
    'A refused response with the reason %s fails whatever the policy says',
    (reason) => {
      const everything = policy({ statuses: () => true })
      for (const retry of [everything, () => 0]) {
        const outcome = refusal(200, { reason })
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
      failure: { reason: 'callback', message: expect.stringContaining('no such status'), error },
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
      failure: { reason: 'gave-up', message: expect.stringMatching(/3 .*no connection/), error },
    })
  })

  it('The error is made from the last failure where that has none', () => {
    const outcome = interruption({ kind: 'ended', reason: 'ended', message: 'the server ended the stream' })
    const { failure } = decide(outcome, history(), policy({ maxAttempts: 1 }), least)
    expect(failure?.error).toBeInstanceOf(Error)
    expect(failure?.error).toMatchObject({ message: 'the server ended the stream' })
  })

  it('Refused responses that the policy lists count toward maxAttempts', () => {
    const given = policy({ maxAttempts: 2, statuses: [503] })
    expect(decide(refusal(503), history({ failures: 1 }), given, least)).toEqual({ delay: 6_000 })
    expect(decide(refusal(503), history({ failures: 2 }), given, least)).toMatchObject({
      failure: { reason: 'gave-up' },
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
      reason: 'status',
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
    const outcomes = [interruption(), interruption({ kind: 'ended', reason: 'ended' }), refusal(500), refusal(404)]
    for (const outcome of outcomes) expect(decide(outcome, history(), () => 5, noRandom)).toEqual({ delay: 5 })
  })

  it.each([
    [0, 0],
    [0.1, 1],
    [1_500, 1_500],
    [maxTimerDelay, maxTimerDelay],
    [maxTimerDelay + 1, maxTimerDelay],
    [1e308, maxTimerDelay],
    [Infinity, maxTimerDelay],
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
        reason: 'callback',
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
        expect(failure?.reason).toBe('callback')
        expect(failure?.error).toBe(thrown)
      }),
    )
  })
})
