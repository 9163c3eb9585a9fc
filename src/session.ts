import { type Attempt, bodyUsed, isUsed, startAttempt } from './attempt.ts'
import type { ErrorDetails } from './events.ts'
import { longestDelay, type Settings } from './options.ts'
import { decide } from './retry.ts'
import type { Transport, TransportResponse } from './transport/transport.ts'
import { startWait } from './wake.ts'

/** What a face is told, in the standard's terms. */
export interface SessionHandler {
  /** "Announce the connection." */
  announce(response: TransportResponse): void
  message(type: string, data: string): void
  /** "Reestablish the connection": it is interrupted, and the next attempt follows after `details.delay` ms. */
  reestablish(details: ErrorDetails): void
  /** "Fail the connection": there will be no further attempt. */
  fail(details: ErrorDetails): void
  /** While a promise that it returns is pending, nothing is read from the network; asked after every chunk. */
  paused?: (() => Promise<void> | undefined) | undefined
  /** The signal was aborted, and the session is closed. */
  aborted(): void
}

/** The reconnecting loop: attempt, outcome, decision, wait, attempt. At most one attempt is under way at any time. */
export interface Session {
  /** "The last event ID string": that of the last complete block which had one. */
  lastEventId: string
  /** Ends it for good; nothing is reported afterwards. */
  close(): void
  /** Ends a wait, or the connection, and connects at once. */
  reconnect(): void
}

/** Starts a session; the first attempt begins after the caller's own code has run. */
export function startSession(settings: Settings, transport: Transport, handler: SessionHandler): Session {
  const { signal, retry, headers, body, unref, reconnectOnEnd = true } = settings
  const resetAfter = typeof retry === 'object' ? retry.resetAfter : 10_000
  let closed = false
  let current: Attempt | undefined
  let endWait: (() => void) | undefined

  const session: Session = {
    lastEventId: settings.lastEventId,
    close() {
      closed = true
      signal?.removeEventListener('abort', abort)
      session.reconnect()
    },
    reconnect() {
      current?.abort()
      endWait?.()
    },
  }

  const abort = (): void => {
    session.close()
    handler.aborted()
  }

  const wait = (delay: number): Promise<void> =>
    new Promise((resolve) => {
      endWait = startWait(delay, unref, resolve)
    })

  const run = async (): Promise<void> => {
    let failures = 0
    let serverReconnectionTime: number | undefined
    let previous: ErrorDetails | undefined
    for (let attempt = 1; !closed; attempt++) {
      let openedAt = Infinity
      let worked = false
      current = startAttempt(settings, { attempt, failures, lastEventId: session.lastEventId, previous }, transport, {
        open(response) {
          openedAt = performance.now()
          handler.announce(response)
        },
        id(id) {
          session.lastEventId = id
        },
        message(type, data) {
          worked = true
          handler.message(type, data)
        },
        reconnectionTime(milliseconds) {
          serverReconnectionTime = Math.min(milliseconds, longestDelay)
        },
        paused: handler.paused,
      })
      const outcome = await current.outcome
      current = undefined
      if (closed) return
      // Failures are over with proven progress, not with a response: a server may accept and drop for ever.
      worked ||= performance.now() - openedAt >= resetAfter
      if (worked) failures = 0
      if (outcome.kind === 'aborted') continue
      if (!worked) failures++
      const canRefreshHeaders = typeof headers === 'function' && previous?.status !== 401
      const { kind: _kind, retryAfter: _retryAfter, ...details } = outcome
      const history = { failures, serverReconnectionTime, canRefreshHeaders }
      const policy = outcome.kind === 'ended' && !reconnectOnEnd ? false : retry
      let { delay, instead } = decide(outcome, history, policy, Math.random)
      if (delay !== false && isUsed(body)) {
        delay = false
        instead = { code: 'body-used', message: bodyUsed, error: outcome.error }
      }
      if (delay === false) {
        session.close()
        return handler.fail({ ...details, ...instead, willReconnect: false, delay: undefined })
      }
      previous = { ...details, willReconnect: true, delay }
      // The wait begins first, so that what is called in the handler may end it.
      const waited = wait(delay)
      handler.reestablish(previous)
      await waited
    }
  }

  if (signal?.aborted) closed = true
  else signal?.addEventListener('abort', abort)
  queueMicrotask(run)
  return session
}
