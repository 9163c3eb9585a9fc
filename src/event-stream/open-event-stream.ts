import { BufferedEventStream } from './buffered-event-stream.ts'
import type { Decoder } from './decoder.ts'
import type { EventStream } from './event-stream.ts'
import type { EventStreamInit } from './event-stream-init.ts'
import { readStreamSettings } from './stream-settings.ts'

/**
 * Opens an event stream as an async iterable, with everything that EventSource does: it reconnects and resumes.
 *
 * The iteration is done after the event that `until` returns true for, after status 204, after `close()`, and after a
 * clean end of the response that no reconnection follows. It throws an {@link EventStreamError}, after the last event,
 * where an EventSource would dispatch an `error` and be closed. While the consumer lags, nothing is read from the network.
 *
 * @param url resolved against the document's base URL, in workers against the worker's location
 * @throws DOMException "SyntaxError" if the URL cannot be parsed
 * @throws TypeError, RangeError if an option is not what it has to be
 */
export function openEventStream(
  url: string | URL,
  init?: (EventStreamInit & { decode?: undefined }) | null,
): EventStream<string>
/**
 * Opens an event stream whose events carry what `decode` makes of their data: a function of the text, or a Standard
 * Schema for the result of `JSON.parse`. It is called as events are delivered, for one event at a time. If it fails, the
 * iteration throws an {@link EventStreamError} with reason `decode`; with `onDecodeError: 'skip'` it continues.
 */
export function openEventStream<Data>(
  url: string | URL,
  init: EventStreamInit & { decode: Decoder<Data> },
): EventStream<Data>
export function openEventStream(url: string | URL, init?: EventStreamInit | null): EventStream<unknown> {
  return new BufferedEventStream(readStreamSettings(url, init))
}
