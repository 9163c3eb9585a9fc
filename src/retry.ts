import { describe, type ErrorDetails } from './events.ts'
import type { Policy, Settings } from './options.ts'
import { longestDelay } from './wake.ts'

/** An outcome that the network, the server or a callback brought about. */
export interface Interruption extends Omit<ErrorDetails, 'willReconnect' | 'delay'> {
  /** `ended`: the body did. `lost`: the network or a callback failed. `refused`: the response is no stream to use. */
  readonly kind: 'ended' | 'lost' | 'refused'
  /** What the response's Retry-After asks for, in ms. */
  readonly retryAfter: number | undefined
}

/** How an attempt ended; `aborted`: we did it. */
export type Outcome = Interruption | { readonly kind: 'aborted' }

/** What came before an interruption. */
export interface History {
  /** Failures in a row, this one included; 0 after a stream that had worked. */
  readonly failures: number
  /** The server's `retry:` in ms, if it sent one. */
  readonly serverReconnectionTime: number | undefined
  /** Whether fresh headers may mend a 401: a function makes them, and the attempt before did not end in 401. */
  readonly canRefreshHeaders: boolean
}

/** What follows an interruption. */
export interface Decision {
  /** Milliseconds to wait before the connection is reestablished; false fails it. */
  readonly delay: number | false
  /** What to report instead of the outcome's own. */
  readonly instead?: Pick<ErrorDetails, 'code' | 'message' | 'error'>
}

function backoff(outcome: Interruption, history: History, policy: Policy, random: () => number): number {
  const { failures, serverReconnectionTime } = history
  const reconnectionTime = serverReconnectionTime ?? policy.initialDelay
  // "Wait a delay equal to the reconnection time of the event source." After a stream that had worked it is stretched
  // by up to a fifth, so that clients that were cut off together do not come back together.
  // "Optionally, wait some more. In particular, if the previous attempt failed, then user agents might introduce an
  // exponential backoff delay to avoid overloading a potentially already overloaded server."
  const delay = failures
    ? Math.min(policy.maxDelay, Math.max(reconnectionTime, 1) * policy.factor ** failures) *
      (1 - policy.jitter * random())
    : reconnectionTime * (1 + 0.2 * policy.jitter * random())
  return Math.max(delay, serverReconnectionTime ?? 0, outcome.retryAfter ?? 0)
}

/**
 * Whether, and after how many ms, the connection is reestablished. Nothing here waits, looks at a clock or draws a
 * random number of its own.
 * @param random returns a number from 0 up to 1
 */
export function decide(
  outcome: Interruption,
  history: History,
  retry: Settings['retry'],
  random: () => number,
): Decision {
  const { kind, code, status = 0 } = outcome
  // The standard reestablishes the connection only "if res is a network error" and at the end of the body. Statuses are
  // up to the policy, but for 204, which is how a server tells clients to stop.
  const unmendable = kind === 'refused' && (code !== 'status' || status === 204)
  if (!retry || unmendable) return { delay: false }
  if (status === 401 && history.canRefreshHeaders) return { delay: 0 }
  try {
    let delay: number | false
    if (typeof retry === 'function') {
      const { failures, serverReconnectionTime: reconnectionTime = 3_000 } = history
      delay = retry({ ...outcome, failures, reconnectionTime })
      // NaN, and null, which would count as 0 and reconnect for ever without a pause.
      if (delay !== false && !(typeof delay === 'number' && delay >= 0)) {
        throw new RangeError(`it returned ${delay}, not ms or false`)
      }
    } else {
      if (kind === 'refused' && !retry.statuses(status)) return { delay: false }
      if (history.failures >= retry.maxAttempts) {
        const message = `${history.failures} failures in a row: ${outcome.message}`
        return {
          delay: false,
          instead: { code: 'gave-up', message, error: outcome.error ?? new Error(outcome.message) },
        }
      }
      delay = backoff(outcome, history, retry, random)
    }
    return { delay: delay !== false && Math.min(Math.ceil(delay), longestDelay) }
  } catch (error) {
    return { delay: false, instead: { code: 'callback', message: `retry: ${describe(error)}`, error } }
  }
}
