import { watchPageLifecycle } from '#lifecycle'
import { type Attempt, type AttemptHandler, startAttempt } from './attempt.ts'
import type { ErrorDetails } from './events.ts'
import type { Settings } from './options/settings.ts'
import type { CompletedOutcome, Outcome } from './outcome.ts'
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
  readonly closed: boolean
  /** Ends the session for good; nothing is reported afterwards. */
  close(): void
  /** Ends the wait or the connection, and connects at once. */
  reconnect(): void
}

export type StartSession = (settings: Settings, transport: Transport, handler: SessionHandler) => Session

/** Starts a session; the first attempt begins after the caller's own code has run. */
export const startSession: StartSession = (settings, transport, handler) =>
  new ReconnectingSession(settings, transport, handler)

class ReconnectingSession implements Session, AttemptHandler {
  lastEventId: string
  closed: boolean
  readonly ready: SessionHandler['ready']
  readonly #settings: Settings
  readonly #transport: Transport
  readonly #handler: SessionHandler
  #attempt: Attempt | undefined
  /** The number of attempts so far. */
  #attempts = 0
  /** The number of failures in a row. */
  #failures = 0
  /** What ended the previous attempt. */
  #previous: ErrorDetails | undefined
  /** The server's `retry:` in ms, if it sent one. */
  #serverReconnectionTime: number | undefined
  /**
   * The time, by `performance.now()`, from which on the attempt counts as a success. A response alone is not enough: a
   * server may accept every connection and drop it at once, forever.
   */
  #successTime = Infinity
  /** Ends the wait for the next attempt, if there is one. */
  #endWait: (() => void) | undefined
  /** Whether the page is away: nothing is connected until it is back. */
  #isAway = false
  readonly #stopWatching: (() => void) | undefined

  constructor(settings: Settings, transport: Transport, handler: SessionHandler) {
    const { lastEventId, signal, pauseWhenHidden } = settings
    this.#settings = settings
    this.#transport = transport
    this.#handler = handler
    this.ready = handler.ready
    this.lastEventId = lastEventId
    this.closed = !!signal?.aborted
    if (!this.closed) {
      this.#stopWatching = watchPageLifecycle(pauseWhenHidden, (isAway) => {
        this.#isAway = isAway
        // While the page is away, the connection or the wait is dropped; when it is back, the session connects.
        this.reconnect()
      })
      signal?.addEventListener('abort', this.#onAbort)
    }
    queueMicrotask(() => this.#connect())
  }

  close(): void {
    this.closed = true
    this.#settings.signal?.removeEventListener('abort', this.#onAbort)
    this.#stopWatching?.()
    this.reconnect()
  }

  reconnect(): void {
    this.#attempt?.abort()
    this.#endWait?.()
  }

  open(response: TransportResponse): void {
    this.#successTime = performance.now() + this.#settings.resetAfter
    this.#handler.announce(response)
  }

  id(id: string): void {
    this.lastEventId = id
  }

  message(type: string, data: string): void {
    this.#successTime = 0
    this.#handler.message(type, data)
  }

  reconnectionTime(milliseconds: number): void {
    this.#serverReconnectionTime = Math.min(milliseconds, maxTimerDelay)
  }

  ended(outcome: Outcome): void {
    if (this.closed) return
    const isSuccess = performance.now() >= this.#successTime
    if (isSuccess) this.#failures = 0
    if (outcome.kind === 'aborted') {
      this.#handler.dropped?.()
      this.#connect()
      return
    }
    if (!isSuccess) this.#failures++
    const decision = this.#decide(outcome)
    // A function of the retry policy may have closed the session.
    if (!this.closed) this.#carryOut(decision, outcome)
  }

  readonly #onAbort = (): void => {
    this.close()
    this.#handler.aborted?.()
  }

  #decide(outcome: CompletedOutcome): Decision {
    const { headers, body, retry, reconnectOnEnd = true } = this.#settings
    const canRefreshHeaders = this.#previous?.status !== 401 && typeof headers === 'function'
    const decision = decide(
      outcome,
      { failures: this.#failures, serverReconnectionTime: this.#serverReconnectionTime, canRefreshHeaders },
      outcome.kind !== 'ended' || reconnectOnEnd ? retry : false,
      Math.random,
    )
    if (decision.kind === 'fail' || !wasSent(body)) return decision
    return { kind: 'fail', reason: { code: 'body-used', message: bodyUsedMessage, error: outcome.error } }
  }

  /** "Reestablish the connection" or "fail the connection". */
  #carryOut(decision: Decision, outcome: CompletedOutcome): void {
    const { kind: _kind, retryAfter: _retryAfter, ...details } = outcome
    if (decision.kind === 'fail') {
      this.close()
      this.#previous = { ...details, ...decision.reason, willReconnect: false, delay: undefined }
    } else {
      const { delay } = decision
      this.#previous = { ...details, willReconnect: true, delay }
      // Deviation: the wait begins before the `error` event, not after it, so that a listener can end it.
      this.#endWait = startReconnectWait(delay, this.#settings.unref, () => this.#connect())
    }
    this.#handler.interrupted(this.#previous)
  }

  #connect(): void {
    this.#endWait = this.#isAway ? () => this.#connect() : undefined
    if (this.closed || this.#isAway) return
    this.#successTime = Infinity
    this.#attempts++
    const context = {
      attempt: this.#attempts,
      failures: this.#failures,
      lastEventId: this.lastEventId,
      previous: this.#previous,
    }
    this.#attempt = startAttempt(this.#settings, context, this.#transport, this)
  }
}
