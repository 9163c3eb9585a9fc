import fc from 'fast-check'
import type { ErrorReason } from '../src/events.ts'
import type { RetryPolicy } from '../src/options/event-source-init.ts'
import type { Policy } from '../src/options/retry-policy.ts'
import { readSettings } from '../src/options/settings.ts'
import type { CompletedOutcome } from '../src/outcome.ts'
import type { History } from '../src/retry.ts'

/** The delay of a decision, or false where the connection fails. */
export function delayOf({ delay = false }: { readonly delay?: number | false }): number | false {
  return delay
}

/** The maximum delay that a timer can hold. */
export const maxTimerDelay = 2_147_483_647

export function interruption(details: Partial<CompletedOutcome> = {}): CompletedOutcome {
  return {
    kind: 'lost',
    reason: 'network',
    message: 'the network is gone',
    error: undefined,
    code: undefined,
    status: undefined,
    headers: undefined,
    body: undefined,
    attempt: 1,
    retryAfter: undefined,
    ...details,
  }
}

export function refusal(status: number, details: Partial<CompletedOutcome> = {}): CompletedOutcome {
  return interruption({ kind: 'refused', reason: 'status', message: `the status is ${status}`, status, ...details })
}

export function history(details: Partial<History> = {}): History {
  return { failures: 1, serverReconnectionTime: undefined, canRefreshHeaders: false, ...details }
}

export function policy(given: RetryPolicy = {}): Policy {
  return readSettings('http://feed.example/', { retry: given }).retry as Policy
}

/** Fails if it is called: a delay that needs it is not deterministic. */
export const noRandom = (): never => {
  throw new Error('a random number was drawn')
}
export const least = (): number => 0
export const half = (): number => 0.5
export const most = (): number => 1 - 2 ** -53

export const randomNumber = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

export const anyPolicy = fc
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

export const anyHistory = fc.record({
  failures: fc.oneof(fc.nat(20), fc.nat(), fc.constant(Number.MAX_SAFE_INTEGER)),
  serverReconnectionTime: fc.option(fc.oneof(fc.nat(100_000), fc.nat(maxTimerDelay)), { nil: undefined }),
  canRefreshHeaders: fc.boolean(),
})

const anyRetryAfter = fc.option(fc.oneof(fc.nat(100_000), fc.double({ min: 0, noNaN: true })), {
  nil: undefined,
})

export const anyLoss = fc
  .record({
    kind: fc.constantFrom('ended' as const, 'lost' as const),
    reason: fc.constantFrom<ErrorReason>('ended', 'network', 'timeout', 'idle', 'callback'),
    retryAfter: anyRetryAfter,
  })
  .map(interruption)
