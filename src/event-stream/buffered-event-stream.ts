import { createTransport } from '#transport'
import { callObserver } from '../callbacks.ts'
import type { ErrorDetails } from '../events.ts'
import { type Session, startSession } from '../session.ts'
import { decodeData } from './decoder.ts'
import { EventQueue } from './event-queue.ts'
import type { EventStream, EventStreamIterator, ServerSentEvent } from './event-stream.ts'
import { createDecodeError, EventStreamError } from './event-stream-error.ts'
import type { StreamSettings } from './stream-settings.ts'

type DecodedEvent = ServerSentEvent<unknown>
type ReadResult = IteratorResult<DecodedEvent, undefined>

/** A session whose events wait in a bounded queue until a consumer asks for them. */
export class BufferedEventStream implements EventStream<unknown> {
  readonly #settings: StreamSettings
  readonly #session: Session
  readonly #queue: EventQueue
  /** The functions that settle the pending calls of `next()`, in order. While there are any, `#deliver` runs. */
  readonly #pendingReads: ((result: ReadResult | Promise<ReadResult>) => void)[] = []
  /** The controller of the ReadableStream, if the consumer asked for one and has not cancelled it. */
  #readableController: ReadableStreamDefaultController<DecodedEvent> | undefined
  /** Whether an iteration or a ReadableStream was asked for: a stream can have only one. */
  #hasConsumer = false
  /** Whether nothing is missing at the end of the stream: `until` was not given, or has returned true. */
  #isComplete: boolean
  /** The ID of the last event that was delivered; the session's last event ID is that of the last event received. */
  #lastEventId: string
  /** The origin of the final URL of the current response. */
  #origin = ''
  /** What the iteration throws after the last event; undefined if it simply ends. */
  #failure: unknown
  /** The result of every call of `next()` once nothing more is delivered; undefined until then. */
  #finalResult: Promise<ReadResult> | undefined
  /** Present if the runtime supports `await using`. */
  declare readonly [Symbol.asyncDispose]: () => Promise<void>

  constructor(settings: StreamSettings) {
    const { highWaterMark, lastEventId, until, onEvent, onInterruption, signal } = settings
    this.#settings = settings
    this.#lastEventId = lastEventId
    this.#isComplete = !until
    this.#queue = new EventQueue(highWaterMark)
    this.#session = startSession(settings, createTransport(settings), {
      announce: (response) => {
        this.#origin = new URL(response.url).origin
      },
      message: (type, data) => {
        const event = { type, data, lastEventId: this.#session.lastEventId, origin: this.#origin }
        if (onEvent) callObserver(onEvent, event)
        try {
          if (until?.(event)) {
            this.#isComplete = true
            this.#closeSession()
          }
        } catch (error) {
          this.#closeSession(error)
        }
        // The function may have closed the stream, too.
        if (!this.#session.closed) this.#queue.push(event)
      },
      interrupted: (details) => {
        if (details.willReconnect) callObserver(onInterruption, details)
        // A server says that there is nothing more by a clean end of the response, or by status 204.
        else if (details.reason === 'ended' || details.status === 204) this.#handleCleanEnd(details)
        else this.#closeSession(new EventStreamError(details))
      },
      ready: () => (this.#queue.isFull ? this.#queue.changed() : undefined),
      aborted: () => this.#stop(signal?.reason),
    })
    if (Symbol.asyncDispose) this[Symbol.asyncDispose] = async () => this.#stop()
    this.#stopIfAborted()
  }

  get lastEventId(): string {
    return this.#lastEventId
  }

  /** A bound function, so that it can be passed as a callback. */
  readonly close = (): void => this.#stop()

  toReadableStream(): ReadableStream<DecodedEvent> {
    this.#claimConsumer()
    return new ReadableStream<DecodedEvent>(
      {
        start: (controller) => {
          this.#readableController = controller
          if (this.#finalResult) this.#closeReadable()
        },
        pull: async (controller) => {
          const { done, value } = await this.#next()
          if (!done) controller.enqueue(value)
        },
        cancel: () => {
          // A cancelled stream cannot be closed.
          this.#readableController = undefined
          this.#stop()
        },
      },
      // With this, nothing is pulled before somebody reads.
      { highWaterMark: 0 },
    )
  }

  [Symbol.asyncIterator](): EventStreamIterator<unknown> {
    this.#claimConsumer()
    const iterator: EventStreamIterator<unknown> = {
      next: this.#next,
      return: async () => {
        this.#stop()
        return { done: true, value: undefined }
      },
      throw: async (error) => {
        this.#stop()
        throw error
      },
      [Symbol.asyncIterator]: () => iterator,
    }
    return iterator
  }

  /** A bound function, since it is the iterator's `next`, called for every event. */
  readonly #next = (): Promise<ReadResult> => {
    // This shortcut returns an event from the queue at once: `npm run bench -- --workloads answer` takes two thirds of the
    // time with it.
    if (!this.#settings.decode && !this.#pendingReads.length) {
      const event = this.#takeEvent()
      if (event) {
        this.#lastEventId = event.lastEventId
        return Promise.resolve({ done: false, value: event })
      }
    }
    if (this.#finalResult) return this.#finalResult
    const result = new Promise<ReadResult>((resolve) => {
      if (this.#pendingReads.push(resolve) === 1) void this.#deliver()
    })
    // A failure rejects all pending calls, and a consumer that awaits them in turn never gets to the later ones.
    result.catch(() => {})
    return result
  }

  #claimConsumer(): void {
    if (this.#hasConsumer) throw new TypeError('the stream already has a consumer')
    this.#hasConsumer = true
  }

  /** Ends the connection; the events in the queue are still delivered, and then the failure, if there is one. */
  #closeSession(failure?: unknown): void {
    this.#failure ??= failure
    this.#session.close()
    this.#queue.notify()
  }

  /** Ends the connection after a clean end, which is a failure if `until` is still waiting for its event. */
  #handleCleanEnd(details: ErrorDetails): void {
    const message = 'the stream ended before the event for which until returns true'
    const { attempt } = details
    if (this.#isComplete) this.#closeSession()
    else this.#closeSession(new EventStreamError({ reason: 'incomplete', message, attempt }))
  }

  /** Ends the stream at once, unless it is over: calls of `next()`, pending or later, are done or get the failure. */
  #stop(failure?: unknown): void {
    if (this.#finalResult) return
    this.#failure = failure
    this.#finalResult =
      failure === undefined ? Promise.resolve({ done: true, value: undefined }) : Promise.reject(failure)
    // It may be that nobody calls `next()` again.
    this.#finalResult.catch(() => {})
    this.#queue.clear()
    this.#closeSession()
    for (const resolve of this.#pendingReads) resolve(this.#finalResult)
    this.#closeReadable()
  }

  /** Closes the ReadableStream, if there is one, or puts it into the error state. */
  #closeReadable(): void {
    if (this.#failure === undefined) this.#readableController?.close()
    else this.#readableController?.error(this.#failure)
  }

  /** Called at every delivery, since the session, once it is closed, does not report that the signal was aborted. */
  #stopIfAborted(): void {
    const { signal } = this.#settings
    if (signal?.aborted) this.#stop(signal.reason)
  }

  /** Takes the next event from the queue; undefined if there is none or the stream was aborted. */
  #takeEvent(): ServerSentEvent | undefined {
    const event = this.#queue.shift()
    if (event) this.#stopIfAborted()
    return this.#finalResult ? undefined : event
  }

  /** Settles the pending calls of `next()` one after the other, each with the next event. */
  async #deliver(): Promise<void> {
    const { decode, onDecodeError, onSkip } = this.#settings
    while (this.#pendingReads.length) {
      while (this.#queue.isEmpty && !this.#session.closed) await this.#queue.changed()
      const event = this.#takeEvent()
      if (!event) return this.#stop(this.#failure)
      let decoded: DecodedEvent = event
      let error: EventStreamError | undefined
      try {
        if (decode) decoded = { ...event, data: await decodeData(decode, event.data) }
      } catch (cause) {
        error = createDecodeError(event, cause)
      }
      this.#stopIfAborted()
      if (error && onDecodeError === 'throw') this.#stop(error)
      if (this.#finalResult) return
      this.#lastEventId = event.lastEventId
      if (error) callObserver(onSkip, error)
      else this.#pendingReads.shift()?.({ done: false, value: decoded })
    }
  }
}
