import { createEventStreamParser } from '#parser'
import { createDecoder, findMissingGlobal } from '#platform'
import { AttemptSignal } from './attempt-signal.ts'
import { callObserver } from './callbacks.ts'
import { Deadline } from './deadline.ts'
import { describeError } from './error-message.ts'
import type { ErrorReason } from './events.ts'
import { nextMicrotask } from './microtask.ts'
import type { AttemptContext } from './options/event-source-init.ts'
import type { Settings } from './options/settings.ts'
import { kindOf, type Outcome, toResponseDetails } from './outcome.ts'
import type { ParserHandler } from './parser.ts'
import { findRefusal, type Refusal } from './refusal.ts'
import { type AttemptRequest, buildRequest } from './request.ts'
import { bodyUsedMessage, markAsSent, wasSent } from './request-body.ts'
import { parseRetryAfter } from './retry-after.ts'
import type { Transport, TransportHandler, TransportResponse } from './transport/transport.ts'

/** What an attempt reports. */
export interface AttemptHandler extends Omit<ParserHandler, 'tooLarge' | 'comment'> {
  /** "Announce the connection": the response is an event stream. */
  open(response: TransportResponse): void
  /** Called after every chunk. While a promise that it returns is pending, nothing is read from the network. */
  ready(): Promise<void> | undefined
  /** The attempt is over. Called once, as the last function, and after the code that ended the attempt has run. */
  ended(outcome: Outcome): void
}

/** What the session knows before an attempt. */
export type AttemptState = Omit<AttemptContext, 'signal'>

/** How long the body of a refused response is read, in ms. */
const refusalTimeout = 1_000

/** How much of the body of a refused response is kept, in bytes. */
const maxRefusalBody = 8_192

/** What the caller's functions receive; the signal is created only if one of them reads it. */
function createContext(state: AttemptState, signal: AttemptSignal): AttemptContext {
  return {
    ...state,
    get signal() {
      return signal.forCaller
    },
  }
}

/**
 * One request and its response. Whatever ends the attempt first is its outcome, and ends everything else: the signal is
 * aborted from then on, and nothing more is reported. It is a class rather than a set of closures because a process may
 * keep thousands of attempts in memory.
 */
export class Attempt implements TransportHandler, ParserHandler {
  readonly #settings: Settings
  /** The number of the attempt. */
  readonly #attempt: number
  readonly #handler: AttemptHandler
  readonly #signal = new AttemptSignal()
  /** The deadline of the response headers, then of the next bytes, or of the body of a refused response. */
  readonly #deadline: Deadline
  /** Present if comments are reported. */
  readonly comment: ParserHandler['comment']
  /** The function that takes the bytes of the body: a parser, or one that collects the body of a refused response. */
  #read: ((bytes: Uint8Array) => void) | undefined
  /** The response's Retry-After header. */
  #retryAfter: string | null | undefined
  /** The refused response, while the beginning of its body is read. An event stream's response is not kept. */
  #refusal: Refusal | undefined
  /** The beginning of that body. */
  #refusedBody: string | undefined

  /** Sends the request after the caller's own code has run. */
  constructor(settings: Settings, state: AttemptState, transport: Pick<Transport, 'send'>, handler: AttemptHandler) {
    this.#settings = settings
    this.#attempt = state.attempt
    this.#handler = handler
    this.#deadline = new Deadline(settings.unref)
    const { onComment } = settings
    this.comment =
      onComment &&
      ((comment) => {
        if (!this.#signal.aborted) callObserver(onComment, comment)
      })
    const missing = findMissingGlobal()
    if (missing) {
      this.#complete('unsupported', `this runtime has no ${missing}`)
      return
    }
    this.#startDeadline('timeout', 'openTimeout', 'response headers')
    nextMicrotask()
      .then(() => buildRequest(settings, createContext(state, this.#signal), this.#signal))
      .then(
        (request) => this.#send(request, transport),
        (error: Error) => this.#complete('callback', error.message, error.cause),
      )
      .catch((error) => this.fail(error))
  }

  #send(request: AttemptRequest, transport: Pick<Transport, 'send'>): void {
    const { body } = request
    if (wasSent(body)) this.#complete('body-used', bodyUsedMessage)
    if (this.#signal.aborted) return
    markAsSent(body)
    const { onRequest } = this.#settings
    if (onRequest) callObserver(onRequest, { ...request, headers: new Headers([...request.headers]) })
    // The callback may have closed the source.
    if (this.#signal.aborted) return
    transport.send(request, this)
  }

  response(response: TransportResponse): void {
    if (this.#signal.aborted) return
    this.#retryAfter = response.header('retry-after')
    const { onResponse, acceptContentType } = this.#settings
    if (onResponse) {
      const { status, url, headers } = response
      callObserver(onResponse, { status, url, headers, attempt: this.#attempt })
    }
    // The callback may have closed the source.
    if (this.#signal.aborted) return
    try {
      this.#refusal = findRefusal(response, acceptContentType)
    } catch (error) {
      this.#complete('callback', `acceptContentType: ${describeError(error)}`, error)
    }
    if (this.#signal.aborted) return
    if (this.#refusal) {
      this.#readRefusedBody()
      return
    }
    // Fetch, processResponse, step 4: "Otherwise, announce the connection and interpret res's body line by line."
    this.#handler.open(response)
    this.#expectBytes()
  }

  #readRefusedBody(): void {
    const decode = createDecoder()
    let size = 0
    this.#refusedBody = ''
    this.#read = (bytes) => {
      this.#refusedBody += decode(bytes.subarray(0, maxRefusalBody - size))
      size += bytes.length
      if (size >= maxRefusalBody) this.end()
    }
    this.#deadline.start(refusalTimeout, () => this.end())
  }

  bytes(chunk: Uint8Array): Promise<void> | undefined {
    if (this.#signal.aborted) return
    if (!this.#refusal) this.#expectBytes()
    // Not before the first bytes: thousands of idle streams would keep a parser each.
    this.#read ??= createEventStreamParser(this, this.#settings.maxEventSize, createDecoder())
    this.#read(chunk)
    const ready = this.#refusal || this.#signal.aborted ? undefined : this.#handler.ready()
    if (!ready) return
    // The time that a consumer takes is not the server's silence.
    this.#deadline.clear()
    return ready.then(() => this.#expectBytes())
  }

  refuse(
    reason: 'redirect' | 'unsupported' | 'callback' | 'body-used',
    message: string,
    response?: TransportResponse,
  ): void {
    this.#complete(reason, message, undefined, response)
  }

  /** Ends the attempt, unless it has ended. */
  abort(): void {
    this.#settle({ kind: 'aborted' })
  }

  // What the parser reports. Once the attempt has ended, even in the middle of a chunk, nothing is passed on.

  id(id: string): void {
    if (!this.#signal.aborted) this.#handler.id(id)
  }

  message(type: string, data: string): void {
    if (!this.#signal.aborted) this.#handler.message(type, data)
  }

  reconnectionTime(milliseconds: number): void {
    if (!this.#signal.aborted) this.#handler.reconnectionTime(milliseconds)
  }

  tooLarge(): void {
    this.#complete('too-large', `event over maxEventSize (${this.#settings.maxEventSize} characters)`)
  }

  /**
   * Ends the attempt.
   * @param refused the response, if the response is the reason
   */
  #complete(reason: ErrorReason, message: string, error?: unknown, refused?: TransportResponse): void {
    // The reason why a response is refused takes precedence over a failure to read its body.
    const { response, ...cause } = this.#refusal ?? { response: refused, reason, message, error }
    this.#settle({
      kind: kindOf(cause.reason),
      error: undefined,
      ...cause,
      attempt: this.#attempt,
      ...toResponseDetails(response, this.#refusedBody),
      retryAfter: parseRetryAfter(this.#retryAfter),
    })
  }

  #settle(outcome: Outcome): void {
    if (this.#signal.aborted) return
    this.#deadline.clear()
    this.#signal.abort()
    void nextMicrotask().then(() => this.#handler.ended(outcome))
  }

  #startDeadline(reason: 'timeout' | 'idle', option: 'openTimeout' | 'idleTimeout', expected: string): void {
    if (this.#signal.aborted) return
    const delay = this.#settings[option]
    this.#deadline.start(delay, () => {
      this.#signal.hasTimedOut = true
      this.#complete(reason, `no ${expected} within ${option} (${delay} ms)`)
    })
  }

  #expectBytes(): void {
    this.#startDeadline('idle', 'idleTimeout', 'byte')
  }

  /** The body has ended, or enough of the body of a refused response was read. */
  end(): void {
    const { endOfStream } = this.#settings
    if (!this.#refusal && endOfStream) this.#read?.(endOfStream)
    this.#complete('ended', 'the server ended the stream')
  }

  /**
   * Fetch, processResponse, step 2: "Otherwise, if res is a network error, then reestablish the connection, unless the
   * user agent knows that to be futile, in which case the user agent may fail the connection."
   */
  fail(error: unknown): void {
    // Without HTTP, reconnecting is futile: there is no network that could come back.
    const reason = this.#settings.url.startsWith('http') ? 'network' : 'unsupported'
    this.#complete(reason, describeError(error), error)
  }
}
