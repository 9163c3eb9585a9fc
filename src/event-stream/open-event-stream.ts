import { BufferedEventStream } from './buffered-event-stream.ts'
import type { Decoder } from './decoder.ts'
import type { EventStream } from './event-stream.ts'
import type { EventStreamInit } from './event-stream-init.ts'
import { readStreamSettings } from './stream-settings.ts'

/**
 * Opens an event stream as an async iterable, which reconnects and resumes as EventSource does.
 *
 * The iteration ends after the event for which `until` returns true, after status 204, after `close()`, and after a clean
 * end of the response that is not followed by a reconnection. Where an EventSource would dispatch an `error` and be closed,
 * it throws an {@link EventStreamError}, after the last event. While the consumer lags, nothing is read from the network.
 *
 * @param url resolved against the document's base URL, in workers against the worker's location
 * @throws DOMException "SyntaxError" if the URL cannot be parsed
 * @throws TypeError, RangeError if an option is invalid
 */
export function openEventStream(
  url: string | URL,
  init?: (EventStreamInit & { decode?: undefined }) | null,
): EventStream<string>
/**
 * Opens an event stream whose events carry decoded data. `decode` is a function that receives the text, or a Standard
 * Schema for the result of `JSON.parse`. It is called as events are delivered, for one event at a time. If it fails, the
 * iteration throws an {@link EventStreamError} with reason `decode`; with `onDecodeError: 'skip'`, the iteration continues.
 */
export function openEventStream<Data>(
  url: string | URL,
  init: EventStreamInit & { decode: Decoder<Data> },
): EventStream<Data>
export function openEventStream(url: string | URL, init?: EventStreamInit | null): EventStream<unknown> {
  return new BufferedEventStream(readStreamSettings(url, init))
}
