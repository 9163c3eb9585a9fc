import { createParser } from 'eventsource-parser'
import type { Decode } from './platform/platform.ts'

/** What an event stream contains, in its order. */
export interface ParserHandler {
  /**
   * Dispatch the event, step 1: "Set the last event ID string of the event source to the value of the last event ID
   * buffer." Called before the message of the same block, and for a block without a message.
   */
  id(id: string): void
  /** Dispatch the event, steps 4 to 8. */
  message(type: string, data: string): void
  /** "Set the event stream's reconnection time to that integer", in ms. */
  reconnectionTime(milliseconds: number): void
  comment?: ((comment: string) => void) | undefined
  /** An event is larger than `maxEventSize`; the parser ignores everything after it. */
  tooLarge(): void
}

/**
 * Interprets one event stream; every response needs a parser of its own.
 * {@link https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation}
 * @param maxEventSize the maximum size of an event, its id and name included, in characters
 * @param decode "Streams must be decoded using the UTF-8 decode algorithm", which strips one byte order mark
 * @returns the function that takes the bytes of the stream, split anywhere
 */
export function createEventStreamParser(
  handler: ParserHandler,
  maxEventSize: number,
  decode: Decode,
): (bytes: Uint8Array) => void {
  const parser = createParser({
    maxBufferSize: maxEventSize,
    onId: (id) => handler.id(id),
    onEvent({ id = '', event = '', data }) {
      // The parser measures only the data that it buffers: not the id, not the name, and not an event that arrives in
      // one chunk.
      if (id.length + event.length + data.length > maxEventSize) handler.tooLarge()
      // Dispatch the event, step 6: "If the event type buffer has a value other than the empty string, change the type
      // of the newly created event to equal the value of the event type buffer."
      else handler.message(event || 'message', data)
    },
    onRetry: (milliseconds) => handler.reconnectionTime(milliseconds),
    onComment: handler.comment,
    onError({ type }) {
      if (type === 'max-buffer-size-exceeded') handler.tooLarge()
    },
  })
  // eventsource-parser strips a byte order mark, too, but only at the start of what it is fed: an empty line, which has
  // no other effect, makes it keep a second one.
  parser.feed('\n')
  return (bytes) => parser.feed(decode(bytes))
}
