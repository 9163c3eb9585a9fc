import { type Attempt, type AttemptHandler, bodyUsed, isUsed, startAttempt } from './attempt.ts'
import type { ErrorDetails } from './events.ts'
import type { Policy, Settings } from './options.ts'
import { decide } from './retry.ts'
import type { Transport, TransportResponse } from './transport/transport.ts'
import { longestDelay, startWait, watchPage } from './wake.ts'

/** What a face is told, in the standard's terms. */
export interface SessionHandler {
  /** "Announce the connection." */
  announce(response: Pick<TransportResponse, 'url'>): void
  message(type: string, data: string): void
  /**
   * "Reestablish the connection" where `details.willReconnect`: the next attempt follows after `details.delay` ms.
   * Otherwise "fail the connection": there will be no further attempt.
   */
  interrupted(details: ErrorDetails): void
  /** The connection is given up for another, without an interruption: upon `reconnect()`, or while the page is away. */
  dropped?(): void
  /** While a promise that it returns is pending, nothing is read from the network; asked after every chunk. */
  paused?: (() => Promise<void> | undefined) | undefined
  /** The signal was aborted, and the session is closed. */
  aborted?(): void
}

/** The reconnecting loop: attempt, outcome, decision, wait, attempt. At most one attempt is under way at any time. */
export interface Session {
  /** "The last event ID string": that of the last complete block which had one. */
  lastEventId: string
  /** Whether it has ended for good: closed, failed, or its signal aborted. */
  readonly closed: boolean
  /** Ends it for good; nothing is reported afterwards. */
  close(): void
  /** Ends a wait, or the connection, and connects at once. */
  reconnect(): void
}

/** Starts a session; the first attempt begins after the caller's own code has run. */
export function startSession(settings: Settings, transport: Transport, handler: SessionHandler): Session {
  const { signal, retry, headers, body, unref, pauseWhenHidden, reconnectOnEnd = true } = settings
  const { resetAfter = 10_000 } = retry as Policy
  let current: Attempt | undefined
  let attempt = 0
  let failures = 0
  let previous: ErrorDetails | undefined
  let serverReconnectionTime: number | undefined
  /** When the attempt counts as a success: some time after the response, for a server may accept and drop for ever. */
  let successAt: number
  let endWait: (() => void) | undefined
  let isAway = false

  const session = {
    lastEventId: settings.lastEventId,
    closed: !!signal?.aborted,
    close() {
      session.closed = true
      signal?.removeEventListener('abort', abort)
      stopWatching?.()
      session.reconnect()
    },
    reconnect() {
      current?.abort()
      endWait?.()
    },
  }

  const abort = (): void => {
    session.close()
    handler.aborted?.()
  }

  const change = (away: boolean): void => {
    isAway = away
    // Away, it drops the connection or the wait there is; back, it ends the wait for that.
    session.reconnect()
  }

  const attemptHandler: AttemptHandler = {
    open(response) {
      successAt = performance.now() + resetAfter
      handler.announce(response)
    },
    id(id) {
      session.lastEventId = id
    },
    message(type, data) {
      successAt = 0
      handler.message(type, data)
    },
    reconnectionTime(milliseconds) {
      serverReconnectionTime = Math.min(milliseconds, longestDelay)
    },
    paused: handler.paused,
    ended(outcome) {
      if (session.closed) return
      const isSuccess = performance.now() >= successAt
      if (isSuccess) failures = 0
      if (outcome.kind === 'aborted') {
        handler.dropped?.()
        return connect()
      }
      if (!isSuccess) failures++
      const { kind, retryAfter: _retryAfter, ...details } = outcome
      const canRefreshHeaders = previous?.status !== 401 && typeof headers === 'function'
      const history = { failures, serverReconnectionTime, canRefreshHeaders }
      const policy = kind !== 'ended' || reconnectOnEnd ? retry : false
      let { delay, instead } = decide(outcome, history, policy, Math.random)
      // A function of the policy may have closed it, too.
      if (session.closed) return
      if (delay !== false && isUsed(body)) {
        delay = false
        instead = { code: 'body-used', message: bodyUsed, error: outcome.error }
      }
      if (delay === false) session.close()
      previous = { ...details, ...instead, willReconnect: !session.closed, delay: delay === false ? undefined : delay }
      // The wait begins first, so that what is called in the handler may end it.
      if (delay !== false) endWait = startWait(delay, unref, connect)
      handler.interrupted(previous)
    },
  }

  const connect = (): void => {
    // Until the page is back.
    endWait = isAway ? connect : undefined
    if (session.closed || isAway) return
    successAt = Infinity
    current = startAttempt(
      settings,
      { attempt: ++attempt, failures, lastEventId: session.lastEventId, previous },
      transport,
      attemptHandler,
    )
  }

  let stopWatching: (() => void) | undefined
  if (!session.closed) {
    stopWatching = watchPage(pauseWhenHidden, change)
    signal?.addEventListener('abort', abort)
  }
  queueMicrotask(connect)
  return session
}
