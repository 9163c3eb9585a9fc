import { isLeavingPage, watchPageLifecycle } from '#lifecycle'
import { onAbort } from '#platform'
import { type Attempt, type AttemptHandler, startAttempt } from './attempt.ts'
import type { ErrorDetails } from './events.ts'
import { nextMicrotask } from './microtask.ts'
import type { Settings } from './options/settings.ts'
import { type CompletedOutcome, toResponseDetails } from './outcome.ts'
import { startReconnectWait } from './reconnect-wait.ts'
import { bodyUsedMessage, wasSent } from './request-body.ts'
import { type Decision, decide } from './retry.ts'
import { maxTimerDelay } from './timer.ts'
import type { Transport, TransportResponse } from './transport/transport.ts'

/** What a session reports, in the standard's terms. */
export interface SessionHandler {
  /** "Announce the connection." */
  announce(response: Pick<TransportResponse, 'url'>): void
  /** "Dispatch the event." */
  message(type: string, data: string): void
  /**
   * "Reestablish the connection" if `details.willReconnect`: the next attempt follows after `details.delay` ms.
   * Otherwise "fail the connection": there is no further attempt.
   */
  interrupted(details: ErrorDetails): void
  /** The connection is closed for a new one, without an interruption: by `reconnect()`, or while the page is away. */
  dropped?(): void
  /** Asked after every chunk. While a promise that it returns is pending, nothing is read from the network. */
  ready?: (() => Promise<void> | undefined) | undefined
  /** The signal was aborted, and the session is closed. */
  aborted?(): void
}

/** The reconnecting loop: attempt, outcome, decision, wait, attempt. At most one attempt runs at any time. */
export interface Session {
  /** "The last event ID string of the event source": the ID of the last complete block that had one. */
  lastEventId: string
  /** Whether the session has ended for good: closed, failed, or its signal aborted. */
  closed: boolean
  /** Ends the session for good; nothing is reported afterwards. */
  close(): void
  /** Ends the wait or the connection, and connects at once. */
  reconnect(): void
}

/** How long a session waits to see whether its page is left, in ms. */
const leavingDelay = 1_000

export type StartSession = (settings: Settings, transport: Transport, handler: SessionHandler) => Session

/** What an `error` event says of an attempt and of what follows. Only a refused response is part of it. */
function toDetails(outcome: CompletedOutcome, { delay, failure }: Decision): ErrorDetails {
  const { kind: _kind, retryAfter: _retryAfter, ...details } = outcome
  return {
    ...details,
    ...(failure && toResponseDetails()),
    ...failure,
    willReconnect: delay !== undefined,
    delay,
  }
}

/** Starts a session; the first attempt begins after the caller's own code has run. */
export const startSession: StartSession = (settings, transport, handler) => {
  const { signal, retry, headers, body, request, unref, pauseWhenHidden, resetAfter, reconnectOnEnd = true } = settings
  let currentAttempt: Attempt | undefined
  /** The number of attempts so far. */
  let attempt = 0
  /** The number of failures in a row. */
  let failures = 0
  /** What ended the previous attempt, unless that one had opened. */
  let previous: ErrorDetails | undefined
  /** Whether an attempt has ended in status 401 since one opened: new headers did not help. */
  let wasUnauthorized = false
  /** The server's `retry:` in ms, if it sent one. */
  let serverReconnectionTime: number | undefined
  /**
   * The time, by `performance.now()`, from which on the attempt counts as a success. A response alone is not enough: a
   * server may accept every connection and drop it at once, forever.
   */
  let successTime = Infinity
  /** Whether the last loss of a connection was not reported, since the page seemed to be left. */
  let wasSilent = false
  /** Whether the attempt has announced the connection. */
  let hasOpened = false
  /** Ends the wait for the next attempt, if there is one. */
  let endWait: (() => void) | undefined
  /** Whether the page is away: nothing is connected until it is back. */
  let isAway = false
  let stopWatching: (() => void) | undefined
  let forgetSignal: (() => void) | undefined

  const session: Session = {
    lastEventId: settings.lastEventId,
    closed: !!signal?.aborted,
    close() {
      session.closed = true
      forgetSignal?.()
      stopWatching?.()
      session.reconnect()
    },
    reconnect() {
      // Whoever calls it, the next attempt calls back in the context of the session.
      if (transport.runInContext) transport.runInContext(interrupt)
      else interrupt()
    },
  }

  const interrupt = (): void => {
    currentAttempt?.abort()
    endWait?.()
  }

  const abort = (): void => {
    session.close()
    handler.aborted?.()
  }

  const decideAfter = (outcome: CompletedOutcome): Decision => {
    const canRefreshHeaders = !wasUnauthorized && (typeof headers === 'function' || !!request)
    const policy = outcome.kind === 'ended' && !reconnectOnEnd ? false : retry
    wasUnauthorized ||= outcome.status === 401
    const decision = decide(outcome, { failures, serverReconnectionTime, canRefreshHeaders }, policy, Math.random)
    if (decision.delay === undefined || !wasSent(body)) return decision
    // Before a response, the reason why there was none says more: it may be the body that failed.
    if (outcome.kind === 'lost' && !hasOpened) return {}
    const message = `${outcome.message}; ${bodyUsedMessage}`
    return { failure: { reason: 'body-used', message, error: outcome.error } }
  }

  const attemptHandler: AttemptHandler = {
    open(response) {
      hasOpened = true
      wasSilent = false
      wasUnauthorized = false
      successTime = performance.now() + resetAfter
      handler.announce(response)
    },
    id(id) {
      session.lastEventId = id
    },
    message(type, data) {
      successTime = 0
      handler.message(type, data)
    },
    reconnectionTime(milliseconds) {
      serverReconnectionTime = Math.min(milliseconds, maxTimerDelay)
    },
    ready: handler.ready,
    ended(outcome) {
      if (session.closed) return
      const isSuccess = performance.now() >= successTime
      if (isSuccess) failures = 0
      if (hasOpened) previous = undefined
      if (outcome.kind === 'aborted') {
        handler.dropped?.()
        connect()
        return
      }
      if (outcome.reason === 'network' && isLeavingPage() && !wasSilent) {
        // Deviation: leaving a page aborts its requests. That is no failure, and nobody is told; if the page stays after
        // all, it reconnects. A second loss in a row has another cause.
        wasSilent = true
        handler.dropped?.()
        endWait = startReconnectWait(leavingDelay, unref, connect)
        return
      }
      if (!isSuccess) failures++
      const decision = decideAfter(outcome)
      // A function of the retry policy may have closed the session.
      if (session.closed) return
      const { delay } = decision
      const details = toDetails(outcome, decision)
      if (!hasOpened) previous = details
      if (delay === undefined) session.close()
      // Deviation: the wait begins before the `error` event, not after it, so that a listener can end it.
      else endWait = startReconnectWait(delay, unref, connect)
      handler.interrupted(details)
    },
  }

  const connect = (): void => {
    endWait = isAway ? connect : undefined
    if (session.closed || isAway) return
    const ready = attempt ? handler.ready?.() : undefined
    if (ready) {
      // The consumer lags: whatever the next response brought would have to be buffered, too.
      waitForConsumer(ready)
      return
    }
    hasOpened = false
    successTime = Infinity
    attempt++
    const context = { attempt, failures, lastEventId: session.lastEventId, previous }
    currentAttempt = startAttempt(settings, context, transport, attemptHandler)
  }

  const waitForConsumer = (ready: Promise<void>): void => {
    const stopWaiting = (): void => {
      if (endWait === stopWaiting) connect()
    }
    endWait = stopWaiting
    void ready.then(stopWaiting)
  }

  if (!session.closed) {
    stopWatching = watchPageLifecycle(pauseWhenHidden, (away) => {
      isAway = away
      // While the page is away, the connection or the wait is dropped; when it is back, the session connects.
      session.reconnect()
    })
    forgetSignal = signal && onAbort(signal, abort)
  }
  void nextMicrotask().then(connect)
  return session
}
