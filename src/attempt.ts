import { createDecoder } from '#platform'
import { callObserver } from './callbacks.ts'
import { Deadline } from './deadline.ts'
import { describeError } from './error-message.ts'
import type { ErrorCode } from './events.ts'
import type { AttemptContext } from './options/event-source-init.ts'
import type { Settings } from './options/settings.ts'
import type { CompletedOutcome, Outcome } from './outcome.ts'
import { createEventStreamParser, type ParserHandler } from './parser.ts'
import { findRefusal, type Refusal } from './refusal.ts'
import { type AttemptRequest, buildRequest } from './request.ts'
import { bodyUsedMessage, markAsSent, wasSent } from './request-body.ts'
import { parseRetryAfter } from './retry-after.ts'
import type { Transport, TransportHandler, TransportResponse } from './transport/transport.ts'

/** What an attempt reports. */
export interface AttemptHandler extends Omit<ParserHandler, 'tooLarge' | 'comment'> {
  /** "Announce the connection": the response is an event stream. */
  open(response: TransportResponse): void
  /** Asked after every chunk. While a promise that it returns is pending, nothing is read from the network. */
  ready?: (() => Promise<void> | undefined) | undefined
  /** The attempt is over. Called once, as the last function, and after the code that ended the attempt has run. */
  ended(outcome: Outcome): void
}

/** An attempt that was started. */
export interface Attempt {
  /** Ends the attempt, unless it has ended. */
  abort(): void
}

/** The signal of an attempt, whose transport sets `onabort`. */
interface AttemptSignal {
  aborted: boolean
  onabort?: () => void
}

/** How long the body of a refused response is read, in ms. */
const refusalTimeout = 1_000

/**
 * One request and its response. Whatever ends the attempt first is its outcome, and ends everything else: the signal is
 * aborted from then on, and nothing more is reported.
 */
class RunningAttempt implements Attempt, TransportHandler {
  readonly #settings: Settings
  readonly #context: AttemptContext
  readonly #handler: AttemptHandler
  readonly #signal: AttemptSignal = { aborted: false }
  /** Decodes the event stream, or the beginning of a refused response. */
  readonly #decode = createDecoder()
  readonly #parse: (bytes: Uint8Array) => void
  /** For the response headers at first, then for silence or for the body of a refused response. */
  readonly #deadline: Deadline
  #response: TransportResponse | undefined
  /** Why the response is refused, while the beginning of its body is read. */
  #refusal: Refusal | undefined

  constructor(settings: Settings, context: AttemptContext, handler: AttemptHandler) {
    this.#settings = settings
    this.#context = context
    this.#handler = handler
    this.#deadline = new Deadline(settings.unref)
    this.#parse = createEventStreamParser(this.#createParserHandler(), settings.maxEventSize, this.#decode)
  }

  /** The request is built after the caller's own code has run. */
  start(transport: Transport): void {
    const { openTimeout } = this.#settings
    this.#deadline.start(openTimeout, () => this.#lose('timeout', `nothing came in ${openTimeout} ms`))
    queueMicrotask(() => this.#run(transport))
  }

  abort(): void {
    this.#settle({ kind: 'aborted' })
  }

  response(response: TransportResponse): void {
    if (this.#signal.aborted) return
    this.#response = response
    const { onResponse } = this.#settings
    if (onResponse) {
      const { status, url, headers } = response
      callObserver(onResponse, { status, url, headers, attempt: this.#context.attempt })
      // The callback may have closed the source.
      if (this.#signal.aborted) return
    }
    this.#refusal = findRefusal(response, this.#decode)
    if (this.#refusal) {
      this.#deadline.start(refusalTimeout, () => this.#end())
    } else {
      // Fetch, processResponse, step 4: "Otherwise, announce the connection and interpret res's body line by line."
      this.#handler.open(response)
      this.#expectBytes()
    }
  }

  bytes(chunk: Uint8Array): Promise<void> | undefined {
    if (this.#signal.aborted) return
    if (this.#refusal) {
      this.#refusal.append(chunk)
      if (this.#refusal.isFull) this.#end()
      return
    }
    this.#expectBytes()
    this.#parse(chunk)
    if (this.#signal.aborted) return
    const ready = this.#handler.ready?.()
    if (!ready) return
    // The time that a consumer takes is not the server's silence.
    this.#deadline.clear()
    return ready.then(() => this.#expectBytes())
  }

  refuse(code: 'redirect' | 'unsupported', message: string, response?: TransportResponse): void {
    this.#response ??= response
    this.#complete('refused', code, message)
  }

  /** Reports what the stream says, unless the attempt has ended in the middle of a chunk, as by a listener's `close()`. */
  #createParserHandler(): ParserHandler {
    const handler = this.#handler
    const signal = this.#signal
    const { onComment, maxEventSize } = this.#settings
    return {
      id: (id) => {
        if (!signal.aborted) handler.id(id)
      },
      message: (type, data) => {
        if (!signal.aborted) handler.message(type, data)
      },
      reconnectionTime: (milliseconds) => {
        if (!signal.aborted) handler.reconnectionTime(milliseconds)
      },
      comment:
        onComment &&
        ((comment) => {
          if (!signal.aborted) callObserver(onComment, comment)
        }),
      tooLarge: () => this.#complete('refused', 'too-large', `event over ${maxEventSize} characters`),
    }
  }

  /** Builds the request, sends it, and ends the attempt with the response. */
  #run(transport: Transport): void {
    // Not an async function: it would keep the request in memory as long as the stream.
    buildRequest(this.#settings, this.#context, this.#signal)
      .then(
        (request) => this.#send(request, transport),
        (error) => this.#lose('callback', `headers or body: ${describeError(error)}`, error),
      )
      .then(
        () => this.#end(),
        (error) => this.#handleNetworkError(error),
      )
  }

  #send(request: AttemptRequest, transport: Transport): Promise<void> | undefined {
    const { body } = request
    if (wasSent(body)) this.#complete('refused', 'body-used', bodyUsedMessage)
    if (this.#signal.aborted) return
    markAsSent(body)
    callObserver(this.#settings.onRequest, request)
    // The callback may have closed the source.
    return this.#signal.aborted ? undefined : transport(request, this)
  }

  /** Starts the deadline for the next bytes of the stream. */
  #expectBytes(): void {
    if (this.#signal.aborted) return
    const { idleTimeout } = this.#settings
    this.#deadline.start(idleTimeout, () => this.#lose('idle', `nothing came in ${idleTimeout} ms`))
  }

  /** The body has ended, or enough of the body of a refused response was read. */
  #end(): void {
    if (this.#refusal) this.#complete('refused', this.#refusal.code, this.#refusal.message)
    else this.#complete('ended', 'ended', 'the stream ended')
  }

  /**
   * Fetch, processResponse, step 2: "Otherwise, if res is a network error, then reestablish the connection, unless the
   * user agent knows that to be futile, in which case the user agent may fail the connection."
   */
  #handleNetworkError(error: unknown): void {
    const message = describeError(error)
    if (this.#refusal) this.#end()
    else if (this.#settings.url.startsWith('http')) this.#lose('network', message, error)
    // Futile: without HTTP there is no network that could come back.
    else this.#complete('refused', 'unsupported', message, error)
  }

  #lose(code: ErrorCode, message: string, error?: unknown): void {
    this.#complete('lost', code, message, error)
  }

  #complete(kind: CompletedOutcome['kind'], code: ErrorCode, message: string, error?: unknown): void {
    const headers = this.#response?.headers
    this.#settle({
      kind,
      code,
      message,
      error,
      attempt: this.#context.attempt,
      status: this.#response?.status,
      headers,
      body: this.#refusal?.body,
      retryAfter: parseRetryAfter(headers?.get('retry-after')),
    })
  }

  #settle(outcome: Outcome): void {
    if (this.#signal.aborted) return
    this.#signal.aborted = true
    this.#deadline.clear()
    this.#signal.onabort?.()
    queueMicrotask(() => this.#handler.ended(outcome))
  }
}

/** Starts one request; what becomes of it is reported to the handler. */
export function startAttempt(
  settings: Settings,
  context: AttemptContext,
  transport: Transport,
  handler: AttemptHandler,
): Attempt {
  const attempt = new RunningAttempt(settings, context, handler)
  attempt.start(transport)
  return attempt
}
