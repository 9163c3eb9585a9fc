import { createTransport } from '#transport'
import { callObserver } from '../callbacks.ts'
import { describeError } from '../error-message.ts'
import type { ErrorCode, ErrorDetails } from '../events.ts'
import type { EventSourceInit } from '../options/event-source-init.ts'
import { readSettings, type Settings } from '../options/settings.ts'
import {
  applyRules,
  callback,
  eitherWord,
  isFunction,
  isObject,
  numberFrom,
  type OptionRule,
} from '../options/validation.ts'
import { startSession } from '../session.ts'

/** One event of a stream. `Data` is what `decode` makes of the data; without `decode` it is the text as it came. */
export interface ServerSentEvent<Data = string> {
  /** The event's name; `message` where the server gave none. */
  readonly type: string
  readonly data: Data
  /** The last event ID as of this event: its own, or that of an event before it; the empty string if there was none. */
  readonly lastEventId: string
  /** The origin of the response's URL, after redirects. */
  readonly origin: string
}

/** What a Standard Schema makes of a value. */
export type StandardSchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string }[] }

/** As much as is needed here of the interface that zod, valibot and others share; see {@link https://standardschema.dev}. */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly validate: (value: unknown) => StandardSchemaResult<Output> | PromiseLike<StandardSchemaResult<Output>>
    readonly types?: { readonly output: Output } | undefined
  }
}

/** A function that gets an event's data, or a Standard Schema for what `JSON.parse` makes of it. Both may be async. */
export type Decoder<Data> = ((data: string) => Data | PromiseLike<Data>) | StandardSchema<Data>

/** The options of {@link openEventStream}: all of EventSource, and those of a stream. All are optional. */
export interface EventStreamInit extends EventSourceInit {
  /** Aborting it ends the stream at once: the iteration throws the signal's reason. */
  signal?: AbortSignal | undefined
  /**
   * How many events may wait for the consumer (64); at least 1. When so many do, nothing is read from the network until
   * the consumer has taken some; what came in one piece with the last of them is kept. An event counts once more for
   * every 4,096 characters of its data, so that the memory is bounded, too.
   */
  highWaterMark?: number | undefined
  /**
   * Returns true for the event that ends the stream for good: `({ data }) => data === '[DONE]'`. It is called as events
   * arrive, before `decode`; that event is not delivered, those before it are. What it throws, the iteration throws after
   * them.
   */
  until?: ((event: ServerSentEvent) => boolean) | undefined
  /** What becomes of an event that `decode` fails for: 'throw' ends the stream, 'skip' tells `onSkip` and goes on ('throw'). */
  onDecodeError?: 'throw' | 'skip' | undefined
  /** Called with what would have been thrown, for every event that is skipped. */
  onSkip?: ((error: EventStreamError) => void) | undefined
  /** Called when the connection is interrupted and will be reestablished, after `delay` ms. */
  onInterruption?: ((interruption: ErrorDetails) => void) | undefined
  /** Whether to reconnect after a clean end of the response, instead of ending the stream (true for GET only). */
  reconnectOnEnd?: boolean | undefined
}

/** A code of ErrorEvent's; or `decode`: the data of an event is not what it has to be. */
export type EventStreamErrorCode = ErrorCode | 'decode'

/** What an {@link EventStreamError} is made of. */
export interface EventStreamErrorDetails extends Partial<Omit<ErrorDetails, 'code'>> {
  readonly code: EventStreamErrorCode
  readonly data?: string | undefined
  readonly lastEventId?: string | undefined
}

/** What an iteration throws when the connection fails for good, or when an event cannot be decoded. */
export class EventStreamError extends Error {
  /** Why: a code of ErrorEvent's, or `decode`. */
  declare readonly code: EventStreamErrorCode
  /** The HTTP status of the response that was refused, or broke off; undefined if there was none, and with `decode`. */
  declare readonly status: number | undefined
  /** The headers of that response. */
  declare readonly headers: Headers | undefined
  /** The first 8 KiB of a refused response, decoded as UTF-8. */
  declare readonly body: string | undefined
  /** The number of the attempt that failed; 1 is the first. Undefined with `decode`. */
  declare readonly attempt: number | undefined
  /**
   * What `fetch` rejected with; what an option's function, `decode` or `JSON.parse` threw; for a schema, an Error with
   * the schema's `issues`. Undefined where the response alone is the reason.
   */
  declare readonly cause: unknown
  /** With `decode`: the first 8,192 characters of the event's data, as they came. */
  declare readonly data: string | undefined
  /** With `decode`: the last event ID as of that event; a stream opened with it as `lastEventId` begins after the event. */
  declare readonly lastEventId: string | undefined

  constructor({ message, error: cause, willReconnect: _, delay: __, ...details }: EventStreamErrorDetails) {
    super(message, { cause })
    Object.assign(this, details)
  }

  static {
    // Minifiers rename classes.
    EventStreamError.prototype.name = 'EventStreamError'
  }
}

/** The iterator of a stream. Its `next()` may be called again before the last one's promise is settled. */
export interface EventStreamIterator<Data = string> {
  /** @throws EventStreamError, or the reason of the signal; then every call does, until the stream is closed */
  next(): Promise<IteratorResult<ServerSentEvent<Data>, undefined>>
  /** Closes the stream. */
  return(): Promise<IteratorReturnResult<undefined>>
  /** Closes the stream and rejects with the error given. */
  throw(error?: unknown): Promise<IteratorReturnResult<undefined>>
  [Symbol.asyncIterator](): EventStreamIterator<Data>
}

/**
 * A stream of events, for one consumer: `for await (const event of stream)`. Leaving the loop closes the connection.
 */
export interface EventStream<Data = string> {
  /**
   * The last event ID of the last event that was handed to the consumer, or the `lastEventId` given; the empty string
   * without either. What waits in the buffer does not count: a process that stores it once an event has been dealt with,
   * and later starts a stream with it, misses nothing.
   */
  readonly lastEventId: string
  /** Ends the stream and its request at once. A pending `next()` is done; events not yet delivered are dropped. */
  close(): void
  /** @throws TypeError if the stream has a consumer already */
  [Symbol.asyncIterator](): EventStreamIterator<Data>
  /**
   * The events as a ReadableStream, which asks for an event only when one is read from it. Cancelling it closes the stream.
   * @throws TypeError if the stream has a consumer already
   */
  toReadableStream(): ReadableStream<ServerSentEvent<Data>>
  /** Closes the stream: `await using stream = openEventStream(url)`. */
  [Symbol.asyncDispose](): Promise<void>
}

/** {@link EventStreamInit}, validated, with every default filled in. */
interface StreamSettings extends Omit<Settings, 'reconnectOnEnd'>, Omit<EventStreamInit, keyof EventSourceInit> {
  reconnectOnEnd: boolean
  readonly highWaterMark: number
  readonly decode: Decoder<unknown> | undefined
}

type Result = IteratorResult<ServerSentEvent<unknown>, undefined>

/** A call of next() that waits for its answer. */
interface Read {
  readonly resolve: (result: Result) => void
  readonly reject: (reason: unknown) => void
}

const rules = {
  highWaterMark: numberFrom(1, 64),
  until: callback,
  onSkip: callback,
  onInterruption: callback,
  onDecodeError: eitherWord('throw', 'skip'),
  decode: {
    isValid: (value) => isFunction(value) || (isObject(value) && '~standard' in value),
    expected: 'a function or a Standard Schema',
  },
} satisfies Record<string, OptionRule>

/** What an event counts for in the buffer. */
const weigh = ({ data }: ServerSentEvent): number => 1 + (data.length >> 12)

async function decodeWith(decode: Decoder<unknown>, data: string): Promise<unknown> {
  // Asked for first, since there are schemas that are functions, too.
  if (!('~standard' in decode)) return decode(data)
  const result = await decode['~standard'].validate(JSON.parse(data))
  const { issues } = result
  if (issues) throw Object.assign(new TypeError(issues[0]?.message), { issues })
  return result.value
}

/**
 * Opens an event stream as an async iterable, with all that EventSource does: it reconnects and resumes.
 *
 * The iteration is done after the event that `until` returns true for, after status 204, after `close()`, and after a
 * clean end of the response that no reconnection follows. It throws an {@link EventStreamError}, after the last event,
 * where an EventSource would dispatch an `error` and be closed. While the consumer lags, nothing is read from the network.
 *
 * @param url resolved against the document's base URL, in workers against the worker's location
 * @throws DOMException "SyntaxError" if the URL cannot be parsed
 * @throws TypeError, RangeError if an option is not what it must be
 */
export function openEventStream(
  url: string | URL,
  init?: (EventStreamInit & { decode?: undefined }) | null,
): EventStream<string>
/**
 * Opens an event stream whose events carry what `decode` makes of their data: a function of the text, or a Standard
 * Schema for what `JSON.parse` makes of it. It is called as events are delivered, for one at a time. If it fails, the
 * iteration throws an {@link EventStreamError} with code `decode`, or with `onDecodeError: 'skip'` goes on.
 */
export function openEventStream<Data>(
  url: string | URL,
  init: EventStreamInit & { decode: Decoder<Data> },
): EventStream<Data>
export function openEventStream(url: string | URL, init?: EventStreamInit | null): EventStream<unknown> {
  const settings = applyRules(readSettings(url, init), rules) as unknown as StreamSettings
  const { signal, method, highWaterMark, until, decode, onDecodeError, onSkip, onInterruption } = settings
  settings.reconnectOnEnd ??= method === 'GET'
  /** What was read and not yet asked for: first the one, of which the last comes first, then the other. */
  let outgoing: ServerSentEvent[] = []
  let incoming: ServerSentEvent[] = []
  /** Of both. */
  let weight = 0
  let { lastEventId } = settings
  let origin: string
  let hasConsumer = false
  /** Nothing more will be delivered. */
  let stopped = false
  /** What to throw after the last event. */
  let failure: unknown
  let resume: (() => void) | undefined
  const reads: Read[] = []
  let readableController: ReadableStreamDefaultController<ServerSentEvent<unknown>> | undefined

  /** For an event, or for room in the buffer: nobody waits for the one while somebody waits for the other. */
  const wait = (): Promise<void> =>
    new Promise((resolve) => {
      resume = resolve
    })

  /** Ends the wait, if somebody waits. */
  const wake = (): void => {
    resume?.()
    resume = undefined
  }

  /** Ends the reading; what was read is still delivered. */
  const end = (reason?: unknown): void => {
    failure ??= reason
    session.close()
    wake()
  }

  /** Ends everything at once, if it did not end before: whoever waits is done, or gets the reason. */
  const stop = (reason?: unknown): void => {
    if (stopped) return
    stopped = true
    failure = reason
    weight = outgoing.length = incoming.length = 0
    end()
    for (const read of reads.splice(0)) answerAfterEnd(read)
    endReadable()
  }

  const answerAfterEnd = ({ resolve, reject }: Read): void => {
    if (failure === undefined) resolve({ done: true, value: undefined })
    else reject(failure)
  }

  const endReadable = (): void => {
    try {
      if (failure === undefined) readableController?.close()
      else readableController?.error(failure)
    } catch {
      // It was cancelled.
    }
  }

  /** The event that is delivered next. */
  const take = (): ServerSentEvent | undefined => {
    if (!outgoing.length) {
      // Taking the first of an array off moves all the others.
      outgoing = incoming.reverse()
      incoming = []
    }
    const event = outgoing.pop()
    if (!event) return
    weight -= weigh(event)
    if (weight < highWaterMark) wake()
    // The session, once it is over, tells no more of the signal.
    if (signal?.aborted) stop(signal.reason)
    return event
  }

  /** Answers those who wait, one after the other. */
  const deliver = async (): Promise<void> => {
    while (reads.length) {
      while (!weight && !session.closed) await wait()
      const event = take()
      if (!event) return stop(failure)
      let data: unknown
      let error: EventStreamError | undefined
      try {
        data = decode ? await decodeWith(decode, event.data) : event.data
      } catch (cause) {
        const message = `decode failed: ${describeError(cause)}`
        error = new EventStreamError({
          ...event,
          code: 'decode',
          message,
          error: cause,
          data: event.data.slice(0, 8_192),
        })
      }
      if (signal?.aborted) stop(signal.reason)
      if (stopped) return
      if (error && onDecodeError === 'throw') return stop(error)
      lastEventId = event.lastEventId
      if (error) callObserver(onSkip, error)
      else reads.shift()?.resolve({ done: false, value: { ...event, data } })
    }
  }

  const next = (): Promise<Result> => {
    // What is there already needs nobody to wait: `npm run bench -- --works answer` takes two thirds of the time with it.
    if (!decode && !reads.length && !stopped) {
      const event = take()
      if (event && !stopped) {
        lastEventId = event.lastEventId
        return Promise.resolve({ done: false, value: event })
      }
    }
    const result = new Promise<Result>((resolve, reject) => {
      const read = { resolve, reject }
      if (stopped) answerAfterEnd(read)
      else if (reads.push(read) === 1) void deliver()
    })
    // A failure rejects all that wait, and who awaits one after the other never comes to the later ones.
    result.catch(() => {})
    return result
  }

  const session = startSession(settings, createTransport(settings), {
    announce(response) {
      origin = new URL(response.url).origin
    },
    message(type, data) {
      const event = { type, data, lastEventId: session.lastEventId, origin }
      try {
        if (until?.(event)) end()
      } catch (error) {
        end(error)
      }
      if (session.closed) return
      incoming.push(event)
      weight += weigh(event)
      wake()
    },
    interrupted(details) {
      if (details.willReconnect) return callObserver(onInterruption, details)
      // How a server says that there is nothing more: the end of the response, or 204.
      const isComplete = details.code === 'ended' || details.status === 204
      end(isComplete ? undefined : new EventStreamError(details))
    },
    ready: () => (weight < highWaterMark ? undefined : wait()),
    aborted: () => stop(signal?.reason),
  })
  if (signal?.aborted) stop(signal.reason)

  const claim = (): void => {
    if (hasConsumer) throw new TypeError('the stream has a consumer already')
    hasConsumer = true
  }

  const stream = {
    get lastEventId() {
      return lastEventId
    },
    close: () => stop(),
    toReadableStream() {
      claim()
      // It asks for an event only when one is read from it.
      return new ReadableStream<ServerSentEvent<unknown>>(
        {
          start(controller) {
            readableController = controller
            if (stopped) endReadable()
          },
          async pull(controller) {
            const { done, value } = await next()
            if (!done) controller.enqueue(value)
          },
          cancel: () => stop(),
        },
        { highWaterMark: 0 },
      )
    },
    [Symbol.asyncIterator]() {
      claim()
      const iterator = {
        next,
        async return() {
          stop()
          return { done: true, value: undefined }
        },
        async throw(error: unknown) {
          stop()
          throw error
        },
        [Symbol.asyncIterator]: () => iterator,
      } as EventStreamIterator<unknown>
      return iterator
    },
  }
  // "await using" calls it where the runtime has it.
  return Object.assign(stream, Symbol.asyncDispose && { [Symbol.asyncDispose]: async () => stop() })
}
