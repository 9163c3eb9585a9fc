import { createDecoder } from '#platform'
import { callObserver } from './callbacks.ts'
import { createDeadline } from './deadline.ts'
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
  hasTimedOut?: boolean
  onabort?: () => void
}

/** How long the body of a refused response is read, in ms. */
const refusalTimeout = 1_000

/** How much of the body of a refused response is kept, in bytes. */
const maxRefusalBody = 8_192

/**
 * Starts one request. Whatever ends the attempt first is its outcome, and ends everything else: the signal is aborted
 * from then on, and nothing more is reported.
 */
export function startAttempt(
  settings: Settings,
  context: AttemptContext,
  transport: Transport,
  handler: AttemptHandler,
): Attempt {
  const { attempt } = context
  const { openTimeout, idleTimeout, maxEventSize, onComment, onRequest, onResponse } = settings
  const signal: AttemptSignal = { aborted: false }
  /** The decoder of the event stream, or of the beginning of a refused response. */
  const decode = createDecoder()
  /** The deadline of the response headers, then of the next bytes, or of the body of a refused response. */
  const deadline = createDeadline(settings.unref)
  let response: TransportResponse | undefined
  /** The reason why the response is refused, while the beginning of its body is read. */
  let refusal: Refusal | undefined
  let refusalBody: string | undefined
  let refusalBodySize = 0

  const settle = (outcome: Outcome): void => {
    if (signal.aborted) return
    signal.aborted = true
    deadline.clear()
    signal.onabort?.()
    queueMicrotask(() => handler.ended(outcome))
  }

  const complete = (kind: CompletedOutcome['kind'], code: ErrorCode, message: string, error?: unknown): void => {
    const headers = response?.headers
    settle({
      kind,
      code,
      message,
      error,
      attempt,
      status: response?.status,
      headers,
      body: refusalBody,
      retryAfter: parseRetryAfter(headers?.get('retry-after')),
    })
  }

  /** The body has ended, or enough of the body of a refused response was read. */
  const end = (): void => {
    if (refusal) complete('refused', refusal.code, refusal.message)
    else complete('ended', 'ended', 'the stream ended')
  }

  const startDeadline = (code: 'timeout' | 'idle', delay: number): void => {
    if (signal.aborted) return
    deadline.start(delay, () => {
      signal.hasTimedOut = true
      complete('lost', code, `nothing came in ${delay} ms`)
    })
  }

  const expectBytes = (): void => startDeadline('idle', idleTimeout)

  /** Reports what the stream says, unless the attempt has ended in the middle of a chunk, as by a listener's `close()`. */
  const parse = createEventStreamParser(
    {
      id: (id) => signal.aborted || handler.id(id),
      message: (type, data) => signal.aborted || handler.message(type, data),
      reconnectionTime: (milliseconds) => signal.aborted || handler.reconnectionTime(milliseconds),
      comment: onComment && ((comment) => signal.aborted || callObserver(onComment, comment)),
      tooLarge: () => complete('refused', 'too-large', `event over ${maxEventSize} characters`),
    },
    maxEventSize,
    decode,
  )

  const transportHandler: TransportHandler & Attempt = {
    response(given) {
      if (signal.aborted) return
      response = given
      if (onResponse) {
        const { status, url, headers } = given
        callObserver(onResponse, { status, url, headers, attempt })
        // The callback may have closed the source.
        if (signal.aborted) return
      }
      refusal = findRefusal(given)
      if (refusal) {
        refusalBody = ''
        deadline.start(refusalTimeout, end)
      } else {
        // Fetch, processResponse, step 4: "Otherwise, announce the connection and interpret res's body line by line."
        handler.open(given)
        expectBytes()
      }
    },
    bytes(chunk) {
      if (signal.aborted) return
      if (refusal) {
        refusalBody += decode(chunk.subarray(0, maxRefusalBody - refusalBodySize))
        refusalBodySize += chunk.length
        if (refusalBodySize >= maxRefusalBody) end()
        return
      }
      expectBytes()
      parse(chunk)
      const ready = signal.aborted ? undefined : handler.ready?.()
      if (!ready) return
      // The time that a consumer takes is not the server's silence.
      deadline.clear()
      return ready.then(expectBytes)
    },
    refuse(code, message, given) {
      response ??= given
      complete('refused', code, message)
    },
    abort: () => settle({ kind: 'aborted' }),
  }

  const send = (request: AttemptRequest): Promise<void> | undefined => {
    const { body } = request
    if (wasSent(body)) complete('refused', 'body-used', bodyUsedMessage)
    if (signal.aborted) return
    markAsSent(body)
    callObserver(onRequest, request)
    // The callback may have closed the source.
    return signal.aborted ? undefined : transport(request, transportHandler)
  }

  /**
   * Fetch, processResponse, step 2: "Otherwise, if res is a network error, then reestablish the connection, unless the
   * user agent knows that to be futile, in which case the user agent may fail the connection."
   */
  const handleNetworkError = (error: unknown): void => {
    const message = describeError(error)
    if (refusal) end()
    else if (settings.url.startsWith('http')) complete('lost', 'network', message, error)
    // Futile: without HTTP there is no network that could come back.
    else complete('refused', 'unsupported', message, error)
  }

  startDeadline('timeout', openTimeout)
  queueMicrotask(() =>
    // Not in an async function, which would keep the request in memory as long as the stream.
    buildRequest(settings, context, signal)
      .then(send, (error) => complete('lost', 'callback', `headers or body: ${describeError(error)}`, error))
      .then(end, handleNetworkError),
  )
  return transportHandler
}
