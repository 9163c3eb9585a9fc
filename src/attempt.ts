import { createDecoder, findMissingGlobal } from '#platform'
import { AttemptSignal } from './attempt-signal.ts'
import { callObserver } from './callbacks.ts'
import { createDeadline, type Deadline } from './deadline.ts'
import { describeError } from './error-message.ts'
import type { ErrorReason } from './events.ts'
import type { AttemptContext } from './options/event-source-init.ts'
import type { Settings } from './options/settings.ts'
import { type CompletedOutcome, type Outcome, type ResponseDetails, toResponseDetails } from './outcome.ts'
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
  return createEventStreamParser(
    {
      id(id) {
        if (!signal.aborted) handler.id(id)
      },
      message(type, data) {
        if (!signal.aborted) handler.message(type, data)
      },
      reconnectionTime(time) {
        if (!signal.aborted) handler.reconnectionTime(time)
      },
      comment:
        onComment &&
        ((comment) => {
          if (!signal.aborted) callObserver(onComment, comment)
        }),
      tooLarge: handler.tooLarge,
    },
    maxEventSize,
    decode,
  )
}

/** What the reader of a response needs of its attempt. */
interface Course {
  readonly signal: AttemptSignal
  /** The deadline of the response headers, then of the next bytes, or of the body of a refused response. */
  readonly deadline: Deadline
  /** Ends the attempt at the deadline. */
  startDeadline(reason: 'timeout' | 'idle', delay: number, message: string): void
  /** Ends the attempt with an outcome, whose response details are those of a response that is the reason. */
  complete(
    kind: CompletedOutcome['kind'],
    reason: ErrorReason,
    message: string,
    error?: unknown,
    details?: ResponseDetails,
  ): void
}

type ResponseReader = ReturnType<typeof createResponseReader>

/** Reads the response of an attempt: an event stream, or the beginning of the body of a refused one. */
function createResponseReader(
  settings: Settings,
  handler: AttemptHandler,
  { signal, deadline, startDeadline, complete }: Course,
) {
  const decode = createDecoder()
  const parse = createAttemptParser(settings, signal, decode, {
    ...handler,
    tooLarge: () => complete('refused', 'too-large', `event over maxEventSize (${settings.maxEventSize} characters)`),
  })
  let response: TransportResponse | undefined
  /** The reason why the response is refused, while the beginning of its body is read. */
  let refusal: Refusal | undefined
  let refusedBody = ''
  let refusedBodySize = 0

  const expectBytes = (): void => startDeadline('idle', settings.idleTimeout, 'no byte within idleTimeout')

  /** The body has ended, or enough of the body of a refused response was read. */
  const end = (): void => {
    if (refusal) {
      const { reason, message } = refusal
      complete('refused', reason, message, undefined, toResponseDetails(response, refusedBody))
      return
    }
    if (settings.endOfStream && response) parse(settings.endOfStream)
    complete('ended', 'ended', 'the server ended the stream')
  }

  return {
    end,
    response(given: TransportResponse): void {
      response = given
      try {
        refusal = findRefusal(given, settings.acceptContentType)
      } catch (error) {
        complete('lost', 'callback', `acceptContentType: ${describeError(error)}`, error)
        return
      }
      if (refusal) {
        deadline.start(refusalTimeout, end)
      } else {
        // Fetch, processResponse, step 4: "Otherwise, announce the connection and interpret res's body line by line."
        handler.open(given)
        expectBytes()
      }
    },
    bytes(chunk: Uint8Array): Promise<void> | undefined {
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
    /**
     * Fetch, processResponse, step 2: "Otherwise, if res is a network error, then reestablish the connection, unless the
     * user agent knows that to be futile, in which case the user agent may fail the connection."
     */
    fail(error: unknown): void {
      const message = describeError(error)
      if (refusal) end()
      else if (settings.url.startsWith('http')) complete('lost', 'network', message, error)
      // Futile: without HTTP there is no network that could come back.
      else complete('refused', 'unsupported', message, error)
    },
  }
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
  const { onRequest, onResponse } = settings
  const signal = new AttemptSignal()
  const deadline = createDeadline(settings.unref)
  let lastResponse: TransportResponse | undefined

  const settle = (outcome: Outcome): void => {
    if (signal.aborted) return
    deadline.clear()
    signal.abort()
    queueMicrotask(() => handler.ended(outcome))
  }

  const complete: Course['complete'] = (kind, reason, message, error, details = toResponseDetails()) => {
    const retryAfter = parseRetryAfter(lastResponse?.headers.get('retry-after'))
    settle({ kind, reason, message, error, attempt, ...details, retryAfter })
  }

  const startDeadline: Course['startDeadline'] = (reason, delay, message) => {
    if (signal.aborted) return
    deadline.start(delay, () => {
      signal.hasTimedOut = true
      complete('lost', reason, `${message} (${delay} ms)`)
    })
  }

  const abort = (): void => settle({ kind: 'aborted' })

  const start = (reader: ResponseReader): void => {
    const transportHandler: TransportHandler = {
      response(response) {
        if (signal.aborted) return
        lastResponse = response
        if (onResponse) {
          const { status, url, headers } = response
          callObserver(onResponse, { status, url, headers, attempt })
        }
        // The callback may have closed the source.
        if (!signal.aborted) reader.response(response)
      },
      bytes: reader.bytes,
      refuse(reason, message, response) {
        const kind = reason === 'callback' ? 'lost' : 'refused'
        complete(kind, reason, message, undefined, toResponseDetails(response))
      },
      abort,
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
    startDeadline('timeout', settings.openTimeout, 'no response headers within openTimeout')
    queueMicrotask(() =>
      // Not in an async function, which would keep the request in memory as long as the stream.
      buildRequest(settings, createContext(state, signal), signal)
        .then(send, (error: Error) => complete('lost', 'callback', error.message, error.cause))
        .then(reader.end, reader.fail),
    )
  }

  const missing = findMissingGlobal()
  if (missing) complete('refused', 'unsupported', `this runtime has no ${missing}`)
  else start(createResponseReader(settings, handler, { signal, deadline, startDeadline, complete }))
  return { abort }
}
