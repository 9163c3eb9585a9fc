import { isLeavingPage, watchPageLifecycle } from '#lifecycle'
import { onAbort } from '#platform'
import { Attempt, type AttemptHandler } from './attempt.ts'
import type { ErrorDetails } from './events.ts'
import { nextMicrotask } from './microtask.ts'
import type { Settings } from './options/settings.ts'
import { isFunction } from './options/validation.ts'
import { type CompletedOutcome, type Outcome, toResponseDetails } from './outcome.ts'
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
  /** The connection was closed without an interruption: by `reconnect()`, or because the page is away. */
  dropped?(): void
  /** Called after every chunk. While a promise that it returns is pending, nothing is read from the network. */
  ready?: (() => Promise<void> | undefined) | undefined
  /** The signal was aborted, and the session is closed. */
  aborted?(): void
}

/** The reconnecting loop: attempt, outcome, decision, wait, attempt. At most one attempt runs at any time. */
export interface Session {
  /** "The last event ID string of the event source": the ID of the last complete block that had one. */
  lastEventId: string
  /**
   * Whether the session has ended permanently: it was closed or has failed, its signal was aborted, or its document is
   * gone.
   */
  readonly closed: boolean
  /** Ends the session permanently; nothing is reported afterwards. */
  close(): void
  /** Ends the wait or the connection, and connects at once. */
  reconnect(): void
}

/** How long a session waits before it reconnects while its page may be about to be left, in ms. */
const leavingDelay = 1_000

export type StartSession = (settings: Settings, transport: Transport, handler: SessionHandler) => Session

/** What an `error` event says about an attempt and what follows. Only a refused response is part of it. */
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

/**
 * A session. It is a class rather than a set of closures because a process may keep thousands of sessions in memory.
 */
class ReconnectingSession implements Session, AttemptHandler {
  lastEventId: string
  #isClosed: boolean
  /**
   * The document of the page, if there is one. A document without a window, as test tools create them, does not count.
   */
  readonly #document = globalThis.document?.defaultView?.document
  readonly #settings: Settings
  readonly #transport: Transport
  readonly #handler: SessionHandler
  #currentAttempt: Attempt | undefined
  /** The number of attempts so far. */
  #attempt = 0
  /** The number of failures in a row. */
  #failures = 0
  /** What ended the previous attempt, unless that one had opened. */
  #previous: ErrorDetails | undefined
  /** Whether an attempt has ended in status 401 since one opened: new headers did not help. */
  #wasUnauthorized = false
  /** The server's `retry:` in ms, if it sent one. */
  #serverReconnectionTime: number | undefined
  /**
   * The time, by `performance.now()`, from which on the attempt counts as a success. A response alone is not enough: a
   * server may accept every connection and drop it at once, forever.
   */
  #successTime = 0
  /** Whether the attempt has announced the connection. */
  #hasOpened = false
  /** Ends the wait for the next attempt, if there is one. */
  #endWait: (() => void) | undefined
  /** Whether the page is away: nothing is connected until it is back. */
  #isAway = false
  readonly #stopWatching: (() => void) | undefined
  readonly #forgetSignal: (() => void) | undefined

  constructor(settings: Settings, transport: Transport, handler: SessionHandler) {
    const { signal, lastEventId, pauseWhenHidden } = settings
    this.lastEventId = lastEventId
    this.#isClosed = !!signal?.aborted
    this.#settings = settings
    this.#transport = transport
    this.#handler = handler
    if (!this.closed) {
      this.#stopWatching = watchPageLifecycle(pauseWhenHidden, (away) => {
        this.#isAway = away
        // While the page is away, the connection or the wait is dropped; when it is back, the session connects.
        this.reconnect()
      })
      this.#forgetSignal =
        signal &&
        onAbort(signal, () => {
          this.close()
          handler.aborted?.()
        })
    }
    void nextMicrotask().then(this.#connect)
  }

  /**
   * "If a user agent is to forcibly close an EventSource object (this happens when a Document object goes away
   * permanently), the user agent must abort any instances of the fetch algorithm started for this EventSource object,
   * and must set the readyState attribute to CLOSED." The browser aborts them, and may not run this realm's code any
   * more: the state is therefore determined whenever it is read.
   */
  get closed(): boolean {
    return this.#isClosed || this.#document?.defaultView === null
  }

  close(): void {
    this.#isClosed = true
    this.#forgetSignal?.()
    this.#stopWatching?.()
    this.reconnect()
  }

  reconnect(): void {
    // Wherever this is called, the next attempt calls back in the context of the session.
    this.#transport.runInContext(() => {
      this.#currentAttempt?.abort()
      this.#endWait?.()
    }, this.closed)
  }

  // What an attempt reports.

  open(response: TransportResponse): void {
    this.#hasOpened = true
    this.#previous = undefined
    this.#wasUnauthorized = false
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

  ready(): Promise<void> | undefined {
    return this.#handler.ready?.()
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
    if (outcome.reason === 'network' && isLeavingPage()) {
      // Deviation: leaving a page aborts its requests. That is not a failure, and is not reported; if the page stays
      // after all, the session reconnects. A second loss in a row has another cause: by then, the page would be gone.
      this.#handler.dropped?.()
      this.#wait(leavingDelay)
      return
    }
    if (!isSuccess) this.#failures++
    const decision = this.#decideAfter(outcome)
    // A function of the retry policy may have closed the session.
    if (this.closed) return
    const { delay } = decision
    const details = toDetails(outcome, decision)
    if (!this.#hasOpened) this.#previous = details
    if (delay === undefined) this.close()
    // Deviation: the wait begins before the `error` event, not after it, so that a listener can end it.
    else this.#wait(delay)
    this.#handler.interrupted(details)
  }

  #decideAfter(outcome: CompletedOutcome): Decision {
    const { headers, request, retry, body, reconnectOnEnd = true } = this.#settings
    const canRefreshHeaders = !this.#wasUnauthorized && (isFunction(headers) || !!request)
    const policy = (outcome.kind !== 'ended' || reconnectOnEnd) && retry
    this.#wasUnauthorized ||= outcome.status === 401
    const history = {
      failures: this.#failures,
      serverReconnectionTime: this.#serverReconnectionTime,
      canRefreshHeaders,
    }
    const decision = decide(outcome, history, policy, Math.random)
    if (decision.delay === undefined || !wasSent(body)) return decision
    // Before a response, the reason for the loss says more: the body itself may have failed.
    if (outcome.kind === 'lost' && !this.#hasOpened) return {}
    const message = `${outcome.message}; ${bodyUsedMessage}`
    return { failure: { reason: 'body-used', message, error: outcome.error } }
  }

  #wait(delay: number): void {
    this.#endWait = startReconnectWait(delay, this.#settings.unref, this.#connect)
  }

  readonly #connect = (): void => {
    // While the page is away, the wait ends when the page is back: `reconnect()` is called then.
    this.#endWait = this.#isAway ? this.#connect : undefined
    if (this.closed || this.#isAway) return
    const ready = this.#attempt > 0 && this.ready()
    if (ready) {
      // The consumer lags: whatever the next response brought would have to be buffered, too.
      const stopWaiting = (): void => {
        if (this.#endWait === stopWaiting) this.#connect()
      }
      this.#endWait = stopWaiting
      void ready.then(stopWaiting)
      return
    }
    this.#hasOpened = false
    this.#successTime = Infinity
    const state = {
      attempt: ++this.#attempt,
      failures: this.#failures,
      lastEventId: this.lastEventId,
      previous: this.#previous,
    }
    this.#currentAttempt = new Attempt(this.#settings, state, this.#transport, this)
  }
}

/** Starts a session; the first attempt begins after the caller's own code has run. */
export const startSession: StartSession = (settings, transport, handler) =>
  new ReconnectingSession(settings, transport, handler)
