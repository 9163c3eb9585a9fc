import { createParser } from 'eventsource-parser'

/** What a stream says, in its order. */
export interface ParserHandler {
  /** "Set the last event ID string of the event source to the value of the last event ID buffer." Comes before the message. */
  id(id: string): void
  message(type: string, data: string): void
  /** The stream's reconnection time, in ms. */
  reconnectionTime(milliseconds: number): void
  comment?: ((comment: string) => void) | undefined
  /** More than `maxEventSize` characters are buffered; the parser takes nothing more. */
  tooLarge(): void
}

/**
 * Interprets one event stream; every response needs a parser of its own.
 * {@link https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation}
 * @param maxEventSize in characters
 * @param decode "streams must be decoded using the UTF-8 decode algorithm", which strips one byte order mark
 * @returns the function to hand the bytes to, split anywhere
 */
export function createEventStreamParser(
  handler: ParserHandler,
  maxEventSize: number,
  decode: (bytes: Uint8Array) => string,
): (bytes: Uint8Array) => void {
  const parser = createParser({
    maxBufferSize: maxEventSize,
    onId: handler.id,
    onEvent({ event, data }) {
      // What came whole in one chunk was never buffered, and must not be measured by another rule.
      if (data.length > maxEventSize) handler.tooLarge()
      // "If the event type buffer is a value other than the empty string, change the type of the newly created event"
      else handler.message(event ?? 'message', data)
    },
    onRetry: handler.reconnectionTime,
    onComment: handler.comment,
    onError({ type }) {
      if (type === 'max-buffer-size-exceeded') handler.tooLarge()
    },
  })
  // eventsource-parser strips a byte order mark of its own, but only at the start: a blank line, which says nothing,
  // keeps a second one.
  parser.feed('\n')
  return (bytes) => parser.feed(decode(bytes))
}
