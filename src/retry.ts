import { describeError } from './error-message.ts'
import type { ErrorDetails } from './events.ts'
import { defaultReconnectionTime, type Policy } from './options/retry-policy.ts'
import type { Settings } from './options/settings.ts'
import { isFunction, isNumber } from './options/validation.ts'
import type { CompletedOutcome } from './outcome.ts'
import { maxTimerDelay } from './timer.ts'

/** What happened before a decision. */
export interface History {
  /** The number of failures in a row, this one included; 0 after a stream that had worked. */
  readonly failures: number
  /** The server's `retry:` in ms, if it sent one. */
  readonly serverReconnectionTime: number | undefined
  /**
   * Whether new headers may help after a 401: a function creates them, and there was no other 401 since an attempt
   * opened.
   */
  readonly canRefreshHeaders: boolean
}

/** What follows an attempt. */
export interface Decision {
  /** The delay before the connection is reestablished, in ms; undefined if the connection fails. */
  readonly delay?: number
  /** What to report instead of the outcome, if the outcome is not the reason for the failure. */
  readonly failure?: Pick<ErrorDetails, 'reason' | 'message' | 'error'>
}

function backoff(outcome: CompletedOutcome, history: History, policy: Policy, random: () => number): number {
  const { failures, serverReconnectionTime } = history
  const reconnectionTime = serverReconnectionTime ?? policy.initialDelay
  // Reestablish the connection, step 2: "Wait a delay equal to the reconnection time of the event source." After a
  // stream that had worked, the delay is stretched by up to a fifth, so that clients that lost their connections at the
  // same time do not reconnect at the same time.
  // Step 3: "Optionally, wait some more. In particular, if the previous attempt failed, then user agents might introduce
  // an exponential backoff delay to avoid overloading a potentially already overloaded server."
  const delay = failures
    ? Math.min(policy.maxDelay, Math.max(reconnectionTime, 1) * policy.factor ** failures) *
      (1 - policy.jitter * random())
    : reconnectionTime * (1 + 0.2 * policy.jitter * random())
  return Math.max(delay, serverReconnectionTime ?? 0, outcome.retryAfter ?? 0)
}

/** @throws RangeError if the function returns anything but a delay or false; and what the function throws */
function askCaller(
  retry: Extract<Settings['retry'], (...args: never) => unknown>,
  outcome: CompletedOutcome,
  { failures, serverReconnectionTime }: History,
): number | false {
  const delay: unknown = retry({
    ...outcome,
    failures,
    reconnectionTime: serverReconnectionTime ?? defaultReconnectionTime,
  })
  // NaN and null would count as 0: the source would reconnect forever, without a pause.
  if (delay === false || (isNumber(delay) && delay >= 0)) return delay
  throw new RangeError(`it returned ${delay}, not ms or false`)
}

/**
 * Decides whether the connection is reestablished, and after what delay. A pure function of its arguments: it uses no
 * timers, no clock and no random numbers of its own.
 * @param random returns a number from 0 up to, but not including, 1
 */
export function decide(
  outcome: CompletedOutcome,
  history: History,
  retry: Settings['retry'],
  random: () => number,
): Decision {
  const { kind, reason, status = 0 } = outcome
  // The standard reestablishes the connection only "if res is a network error" and at the end of the body. Statuses are
  // up to the policy, except 204, by which a server tells clients to stop.
  const isFinal = kind === 'refused' && (reason !== 'status' || status === 204)
  if (!retry || isFinal) return {}
  if (status === 401 && history.canRefreshHeaders) return { delay: 0 }
  try {
    let delay: number | false
    if (isFunction(retry)) {
      delay = askCaller(retry, outcome, history)
    } else {
      if (kind === 'refused' && !retry.statuses(status)) return {}
      if (history.failures >= retry.maxAttempts) {
        const message = `${history.failures} failures in a row: ${outcome.message}`
        return { failure: { reason: 'gave-up', message, error: outcome.error ?? new Error(outcome.message) } }
      }
      delay = backoff(outcome, history, retry, random)
    }
    if (delay === false) return {}
    return { delay: Math.min(Math.ceil(delay), maxTimerDelay) }
  } catch (error) {
    return { failure: { reason: 'callback', message: `retry: ${describeError(error)}`, error } }
  }
}
