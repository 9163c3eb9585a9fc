import { createDecoder } from '#platform'
import { AttemptSignal } from './attempt-signal.ts'
import { callObserver } from './callbacks.ts'
import { createDeadline } from './deadline.ts'
import { describeError } from './error-message.ts'
import type { ErrorReason } from './events.ts'
import type { AttemptContext } from './options/event-source-init.ts'
import type { Settings } from './options/settings.ts'
import { type CompletedOutcome, type Outcome, toResponseDetails } from './outcome.ts'
import { createEventStreamParser, type ParserHandler } from './parser.ts'
import type { Decode } from './platform/platform.ts'
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

/** How long the body of a refused response is read, in ms. */
const refusalTimeout = 1_000

/** How much of the body of a refused response is kept, in bytes. */
const maxRefusalBody = 8_192

/** What the caller's functions are told: the signal is created only if one of them reads it. */
function createContext(state: AttemptState, signal: AttemptSignal): AttemptContext {
  return {
    ...state,
    get signal() {
      return signal.forCaller
    },
  }
}

/** The parser of an attempt: it reports nothing more once the attempt has ended, as in the middle of a chunk. */
function createAttemptParser(
  { maxEventSize, onComment }: Settings,
  signal: AttemptSignal,
  decode: Decode,
  handler: Omit<ParserHandler, 'comment'>,
): (bytes: Uint8Array) => void {
  const unlessAborted =
    <Given extends unknown[]>(report: (...given: Given) => void) =>
    (...given: Given): void => {
      if (!signal.aborted) report(...given)
    }
  return createEventStreamParser(
    {
      id: unlessAborted(handler.id),
      message: unlessAborted(handler.message),
      reconnectionTime: unlessAborted(handler.reconnectionTime),
      comment: onComment && unlessAborted((comment) => callObserver(onComment, comment)),
      tooLarge: handler.tooLarge,
    },
    maxEventSize,
    decode,
  )
}

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
  const { openTimeout, idleTimeout, acceptContentType, onRequest, onResponse } = settings
  const signal = new AttemptSignal()
  /** The deadline of the response headers, then of the next bytes, or of the body of a refused response. */
  const deadline = createDeadline(settings.unref)
  let parse: (bytes: Uint8Array) => void
  let response: TransportResponse | undefined
  /** The reason why the response is refused, while the beginning of its body is read. */
  let refusal: Refusal | undefined
  let decode: Decode
  let refusedBody: string | undefined
  let refusedBodySize = 0

  const settle = (outcome: Outcome): void => {
    if (signal.aborted) return
    deadline.clear()
    signal.abort()
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
    settle({
      kind,
      reason,
      message,
      error,
      attempt,
      ...toResponseDetails(refused, refusedBody),
      retryAfter: parseRetryAfter(response?.headers.get('retry-after')),
    })
  }

  /** The body has ended, or enough of the body of a refused response was read. */
  const end = (): void => {
    if (refusal) {
      complete('refused', refusal.reason, refusal.message, undefined, response)
      return
    }
    if (settings.endOfStream && response) parse(settings.endOfStream)
    complete('ended', 'ended', 'the server ended the stream')
  }

  const startDeadline = (reason: 'timeout' | 'idle', delay: number, message: string): void => {
    if (signal.aborted) return
    deadline.start(delay, () => {
      signal.hasTimedOut = true
      complete('lost', reason, `${message} (${delay} ms)`)
    })
  }

  const expectBytes = (): void => startDeadline('idle', idleTimeout, 'no byte within idleTimeout')

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
      try {
        refusal = findRefusal(given, acceptContentType)
      } catch (error) {
        complete('lost', 'callback', `acceptContentType: ${describeError(error)}`, error)
        return
      }
      if (refusal) {
        refusedBody = ''
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
        refusedBody += decode(chunk.subarray(0, maxRefusalBody - refusedBodySize))
        refusedBodySize += chunk.length
        if (refusedBodySize >= maxRefusalBody) end()
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

  try {
    decode = createDecoder()
    parse = createAttemptParser(settings, signal, decode, {
      ...handler,
      tooLarge: () => complete('refused', 'too-large', `event over maxEventSize (${settings.maxEventSize} characters)`),
    })
  } catch (error) {
    // Such as a runtime without a TextDecoder.
    complete('refused', 'unsupported', describeError(error), error)
  }
  startDeadline('timeout', openTimeout, 'no response headers within openTimeout')
  queueMicrotask(() =>
    // Not in an async function, which would keep the request in memory as long as the stream.
    buildRequest(settings, createContext(state, signal), signal)
      .then(send, (error: Error) => complete('lost', 'callback', error.message, error.cause))
      .then(end, handleNetworkError),
  )
  return transportHandler
}
