import { describe, type ErrorCode } from './events.ts'
import { type AttemptContext, type EventSourceInit, isOneShot, readHeaders, type Settings } from './options.ts'
import { createEventStreamParser, type ParserHandler } from './parser.ts'
import { createDecoder } from './platform.server.ts'
import type { Interruption, Outcome } from './retry.ts'
import type { Signal, Transport, TransportHandler, TransportResponse } from './transport/transport.ts'
import { startTimer, type Timer } from './wake.ts'

/** What an attempt reports. */
export interface AttemptHandler extends Omit<ParserHandler, 'tooLarge' | 'comment'> {
  /** The response is an event stream: "announce the connection". */
  open(response: TransportResponse): void
  /** While a promise that it returns is pending, nothing is read. */
  paused?: (() => Promise<void> | undefined) | undefined
  /** Called once, after all else, and not before the code that ended it has run. */
  ended(outcome: Outcome): void
}

/** An attempt under way. */
export interface Attempt {
  abort(): void
}

/** How long the body of a refused response is waited for, in ms. */
const refusalTime = 1_000

/**
 * "Extract a MIME type" of the Fetch standard: of several values the last one that is a MIME type counts.
 * A comma within a quoted string separates nothing; of such a string a quotation mark is left, which no type's name has.
 */
export function isEventStream(contentType: string | null): boolean {
  const types = `${contentType}`.replace(/"[^"]*"?/g, '"').split(',')
  const last = types.findLast((type) => /^\s*(?!\*\/\*)[^\s;/"]+\/[^\s;/"]+\s*(;|$)/.test(type))
  return /^\s*text\/event-stream\s*(;|$)/i.test(`${last}`)
}

/** Streams that were handed to a transport. */
const sentStreams = new WeakSet<object>()

/** Whether a body was sent, and cannot be sent again. */
export function isUsed(body: unknown): boolean {
  return sentStreams.has(body as object)
}

export const bodyUsed = 'the body is a stream, sent already: give a function'

/** Each UTF-8 byte as one character, for Headers hold byte strings. */
function byteString(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join('')
}

function percentDecode(text: string): string {
  return text.replace(/%([\da-f]{2})/gi, (_, code) => String.fromCharCode(Number(`0x${code}`)))
}

/** Retry-After, in seconds or as a date, in ms from now. */
function parseRetryAfter(value: string | null | undefined): number | undefined {
  const milliseconds = Number(value) * 1_000 || Date.parse(`${value}`) - Date.now()
  return milliseconds > 0 ? milliseconds : undefined
}

export async function buildRequest(settings: Settings, context: AttemptContext, signal: Signal) {
  const { lastEventIdQueryParam: param, method, withCredentials, redirect } = settings
  const { lastEventId } = context
  let { headers: given, body }: Pick<EventSourceInit, 'headers' | 'body'> = settings
  // Values are not awaited, so that where many streams open at once, what they are made of is soon gone.
  if (typeof given === 'function') given = await given(context)
  const headers = readHeaders(given)
  if (typeof body === 'function') body = await body(context)
  const url = new URL(settings.url)
  // Only some runtimes' fetch takes a URL with credentials; as Basic authorization they work everywhere.
  const { username, password } = url
  if (username || password) {
    url.username = url.password = ''
    if (!headers.has('Authorization')) {
      headers.set('Authorization', `Basic ${btoa(percentDecode(`${username}:${password}`))}`)
    }
  }
  // "Set (`Accept`, `text/event-stream`) in request's header list."
  if (!headers.has('Accept')) headers.set('Accept', 'text/event-stream')
  // "If the EventSource object's last event ID string is not the empty string … set (`Last-Event-ID`, lastEventIDValue)
  // in request's header list", where the value is "encoded as UTF-8".
  if (lastEventId && !param) headers.set('Last-Event-ID', byteString(lastEventId))
  else if (lastEventId && param) {
    if (url.searchParams.has(param)) url.searchParams.delete(param)
    // Not by way of searchParams, which would write the whole query anew, in an encoding of its own.
    url.search += `${url.search && '&'}${new URLSearchParams([[param, lastEventId]])}`
  }
  // Not `...settings`: V8 makes a table for so many members, which is most of what a request leaves to collect.
  return { ...context, method, withCredentials, redirect, url: url.href, headers, body, signal }
}

/** Calls a tap. Like an event listener's, its exception is reported and changes nothing. */
export function tap<Argument>(callback: ((argument: Argument) => void) | null | undefined, argument: Argument): void {
  try {
    callback?.(argument)
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}

/** Makes one request and reads its response. The first thing that ends it is its outcome, and ends all the rest. */
export function startAttempt(
  settings: Settings,
  context: AttemptContext,
  transport: Transport,
  handler: AttemptHandler,
): Attempt {
  const { attempt } = context
  const { unref, openTimeout, idleTimeout, maxEventSize, onComment, onRequest, onResponse } = settings
  const signal = { aborted: false } as { aborted: boolean; hasTimedOut?: boolean; onabort?: () => void }
  /** Of the stream, or of the beginning of a refused response. */
  const decode = createDecoder()
  let head: TransportResponse | undefined
  /** Why the response is refused, while the beginning of its body is being read. */
  let refusal: { kind: 'refused'; code: ErrorCode; message: string; body: string } | undefined
  /** How many bytes more are kept of it. */
  let refusalRoom = 8_192
  /** For the head of the response, then for silence or for the rest of a refused response. */
  let timer: Timer | undefined

  const end = (kind: Interruption['kind'], code: ErrorCode, message: string, error?: unknown): void =>
    settle({
      kind,
      code,
      message,
      error,
      attempt,
      status: head?.status,
      headers: head?.headers,
      body: undefined,
      retryAfter: parseRetryAfter(head?.headers.get('retry-after')),
      ...refusal,
    })

  const settle = (outcome: Outcome): void => {
    if (signal.aborted) return
    signal.aborted = true
    if (outcome.kind === 'lost' && (outcome.code === 'timeout' || outcome.code === 'idle')) signal.hasTimedOut = true
    clearTimeout(timer)
    signal.onabort?.()
    queueMicrotask(() => handler.ended(outcome))
  }

  const startTimeout = (code: 'timeout' | 'idle', delay: number): void => {
    clearTimeout(timer)
    if (!delay || signal.aborted) return
    const due = performance.now() + delay
    const expire = (): void => end('lost', code, `nothing came in ${delay} ms`)
    const onTime = (): void => {
      // A late timer: the caller's own code kept the thread busy, and what came meanwhile has to be read first.
      if (performance.now() > due + 1) timer = startTimer(expire, 0, unref)
      else expire()
    }
    timer = startTimer(onTime, delay, unref)
  }

  // What follows in a chunk after the attempt has ended, say by a listener's close(), concerns nobody any more.
  const feed = createEventStreamParser(
    {
      id: (id) => signal.aborted || handler.id(id),
      message: (type, data) => signal.aborted || handler.message(type, data),
      reconnectionTime: (milliseconds) => signal.aborted || handler.reconnectionTime(milliseconds),
      comment: onComment && ((comment) => signal.aborted || tap(onComment, comment)),
      tooLarge: () => end('refused', 'too-large', `event over ${maxEventSize} characters`),
    },
    maxEventSize,
    decode,
  )

  const transportHandler: TransportHandler = {
    response(response) {
      if (signal.aborted) return
      head = response
      const { status, url, contentType } = response
      if (onResponse) tap(onResponse, { status, url, headers: response.headers, attempt })
      // "Otherwise, if res's status is not 200, or if res's `Content-Type` is not `text/event-stream`, then fail the
      // connection." The beginning of the body is read before, for it often tells why.
      if (status !== 200) {
        refusal = { kind: 'refused', code: 'status', message: `status ${status}`, body: '' }
      } else if (!isEventStream(contentType)) {
        refusal = {
          kind: 'refused',
          code: 'content-type',
          message: `content-type: ${contentType}, not text/event-stream`,
          body: '',
        }
      } else if (!signal.aborted) handler.open(response)
      startTimeout('idle', refusal ? refusalTime : idleTimeout)
    },
    bytes(chunk) {
      if (signal.aborted) return
      if (refusal) {
        refusal.body += decode(chunk.subarray(0, refusalRoom))
        refusalRoom -= chunk.length
        if (refusalRoom <= 0) end('refused', 'status', '')
        return
      }
      startTimeout('idle', idleTimeout)
      feed(chunk)
      const paused = signal.aborted ? undefined : handler.paused?.()
      if (!paused) return
      // The time that a consumer takes is not the server's silence.
      clearTimeout(timer)
      return paused.then(() => startTimeout('idle', idleTimeout))
    },
    refuse(code, message, response) {
      head ??= response
      end('refused', code, message)
    },
  }

  const send = (request: Awaited<ReturnType<typeof buildRequest>>): Promise<void> | undefined => {
    const { body } = request
    if (isUsed(body)) end('refused', 'body-used', bodyUsed)
    if (signal.aborted) return
    if (isOneShot(body)) sentStreams.add(body)
    tap(onRequest, request)
    return signal.aborted ? undefined : transport(request, transportHandler)
  }

  startTimeout('timeout', openTimeout)
  queueMicrotask(() =>
    // Not in a function that awaits, which would keep the request, with all that it is made of, as long as the stream.
    buildRequest(settings, context, signal)
      .then(send, (error) => end('lost', 'callback', `headers or body: ${describe(error)}`, error))
      .then(
        () => end('ended', 'ended', 'the stream ended'),
        (error) => {
          // "…unless the user agent knows that to be futile": without HTTP there is no network that could come back.
          if (/^http/.test(settings.url)) end('lost', 'network', describe(error), error)
          else end('refused', 'unsupported', describe(error), error)
        },
      ),
  )
  return {
    abort: () => settle({ kind: 'aborted' }),
  }
}
