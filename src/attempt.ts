import { createDecoder } from '#platform'
import { callObserver } from './callbacks.ts'
import { createDeadline } from './deadline.ts'
import { describeError } from './error-message.ts'
import type { ErrorReason } from './events.ts'
import { findMissingGlobal } from './missing-globals.ts'
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

/** What the session knows before an attempt. */
export type AttemptState = Omit<AttemptContext, 'signal'>

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

/** How much of the body of a refused response is kept, in bytes. */
const maxRefusalBody = 8_192

/**
 * Starts one request. Whatever ends the attempt first is its outcome, and ends everything else: the signal is aborted
 * from then on, and nothing more is reported.
 */
export function startAttempt(
  settings: Settings,
  state: AttemptState,
  transport: Transport,
  handler: AttemptHandler,
): Attempt {
  const { attempt } = state
  const { openTimeout, idleTimeout, maxEventSize, acceptContentType, onComment, onRequest, onResponse } = settings
  const signal: AttemptSignal = { aborted: false }
  /** The controller of the signal that the caller's functions get; few ask for it. */
  let controller: AbortController | undefined
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
    controller?.abort()
    queueMicrotask(() => handler.ended(outcome))
  }

  /** @param refused the response, if the response is the reason */
  const complete = (
    kind: CompletedOutcome['kind'],
    reason: ErrorReason,
    message: string,
    error?: unknown,
    refused?: TransportResponse,
  ): void => {
    // A browser hides a redirect that it did not follow: its status is 0.
    const status = refused?.status === 0 ? undefined : refused?.status
    settle({
      kind,
      reason,
      message,
      error,
      attempt,
      code: status,
      status,
      headers: refused?.headers,
      body: refusalBody,
      retryAfter: parseRetryAfter(response?.headers.get('retry-after')),
    })
  }

  /** The body has ended, or enough of the body of a refused response was read. */
  const end = (): void => {
    if (refusal) {
      complete('refused', refusal.reason, refusal.message, undefined, response)
      return
    }
    // Deviation: "If the file ends in the middle of an event, before the final empty line, the incomplete event is not
    // dispatched", unless the caller wants that. The first line feed may be the second half of a CRLF.
    if (settings.unterminated === 'deliver' && response) parse(new TextEncoder().encode('\n\n\n'))
    complete('ended', 'ended', 'the server ended the stream')
  }

  const expectBytes = (): void => {
    if (signal.aborted) return
    deadline.start(idleTimeout, () => complete('lost', 'idle', `no byte within idleTimeout (${idleTimeout} ms)`))
  }

  const transportHandler: TransportHandler = {
    response(given) {
      if (signal.aborted) return
      response = given
      if (onResponse) {
        const { status, url, headers } = given
        callObserver(onResponse, { status, url, headers, attempt })
        // The callback may have closed the source.
        if (signal.aborted) return
      }
      try {
        refusal = findRefusal(given, acceptContentType)
      } catch (error) {
        complete('lost', 'callback', `acceptContentType: ${describeError(error)}`, error)
        return
      }
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
    refuse(reason, message, refused) {
      complete(reason === 'callback' ? 'lost' : 'refused', reason, message, undefined, refused)
    },
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

  const context: AttemptContext = {
    ...state,
    get signal() {
      controller ??= new AbortController()
      if (signal.aborted) controller.abort()
      return controller.signal
    },
  }

  const missing = findMissingGlobal()
  if (missing) {
    complete('refused', 'unsupported', `this runtime has no ${missing}`)
    return { abort() {} }
  }
  /** The decoder of the event stream, or of the beginning of a refused response. */
  const decode = createDecoder()
  /** Reports what the stream says, unless the attempt has ended in the middle of a chunk, as by a listener's `close()`. */
  const parse = createEventStreamParser(
    {
      id: (id) => signal.aborted || handler.id(id),
      message: (type, data) => signal.aborted || handler.message(type, data),
      reconnectionTime: (milliseconds) => signal.aborted || handler.reconnectionTime(milliseconds),
      comment: onComment && ((comment) => signal.aborted || callObserver(onComment, comment)),
      tooLarge: () => complete('refused', 'too-large', `event over maxEventSize (${maxEventSize} characters)`),
    },
    maxEventSize,
    decode,
  )
  deadline.start(openTimeout, () =>
    complete('lost', 'timeout', `no response headers within openTimeout (${openTimeout} ms)`),
  )
  queueMicrotask(() =>
    // Not in an async function, which would keep the request in memory as long as the stream.
    buildRequest(settings, context, signal)
      .then(send, (error: Error) => complete('lost', 'callback', error.message, error.cause))
      .then(end, handleNetworkError),
  )
  return { abort: () => settle({ kind: 'aborted' }) }
}
