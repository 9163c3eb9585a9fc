/** One event of a stream. `Data` is the type of the decoded data; without `decode`, `data` is the unchanged text. */
export interface ServerSentEvent<Data = string> {
  /** The event's name; `message` if the server sent none. */
  readonly type: string
  /** The event's data, decoded. */
  readonly data: Data
  /** The last event ID as of this event: its own, or that of an earlier event; the empty string if there was none. */
  readonly lastEventId: string
  /** The origin of the response's URL, after redirects. */
  readonly origin: string
}

/** The iterator of a stream. `next()` may be called again before the promise of an earlier call is settled. */
export interface EventStreamIterator<Data = string> {
  /**
   * Takes the next event, or waits for it. After a failure, every call is rejected, until the stream is closed.
   * @throws EventStreamError if the connection failed permanently, or the event cannot be decoded
   * @throws the reason of the signal if it was aborted, or what `until` threw
   */
  next(): Promise<IteratorResult<ServerSentEvent<Data>, undefined>>
  /** Closes the stream. */
  return(): Promise<IteratorReturnResult<undefined>>
  /** Closes the stream, and returns a promise rejected with the given error. */
  throw(error?: unknown): Promise<IteratorReturnResult<undefined>>
  [Symbol.asyncIterator](): EventStreamIterator<Data>
}

/**
 * A stream of events, for one consumer: `for await (const event of stream)`. Leaving the loop closes the connection.
 */
export interface EventStream<Data = string> {
  /**
   * The last event ID of the last event that the consumer received; before the first event, the `lastEventId`
   * option. Events that wait in the buffer do not count. A process that stores this ID after it has handled an event, and
   * later opens a stream with it, misses nothing.
   */
  readonly lastEventId: string
  /** Ends the stream and its request immediately. A pending `next()` is done, and undelivered events are dropped. */
  close(): void
  /** @throws TypeError if the stream already has a consumer */
  [Symbol.asyncIterator](): EventStreamIterator<Data>
  /**
   * Returns the events as a ReadableStream, which takes an event only when one is read from it. Canceling it closes the
   * stream; a failure errors it.
   * @throws TypeError if the stream already has a consumer
   */
  toReadableStream(): ReadableStream<ServerSentEvent<Data>>
  /** Closes the stream: `await using stream = openEventStream(url)`. */
  [Symbol.asyncDispose](): Promise<void>
}
