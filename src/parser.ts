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
 * @returns the function to hand the bytes to, split anywhere
 */
export function createEventStreamParser(handler: ParserHandler, maxEventSize: number): (bytes: Uint8Array) => void {
  // "Streams must be decoded using the UTF-8 decode algorithm", which strips one byte order mark. TextDecoder could do
  // it, but those of Deno and workerd also strip one from a later chunk.
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  let primed = false
  let started = false
  const { comment } = handler
  const parser = createParser({
    maxBufferSize: maxEventSize,
    onId: (id) => handler.id(id),
    onEvent({ event, data }) {
      // What came whole in one chunk was never buffered, and must not be measured by another rule.
      if (data.length > maxEventSize) handler.tooLarge()
      // "If the event type buffer is a value other than the empty string, change the type of the newly created event"
      else handler.message(event ?? 'message', data)
    },
    onRetry: (milliseconds) => handler.reconnectionTime(milliseconds),
    onComment: comment && ((text) => primed && comment(text)),
    onError(error) {
      if (error.type === 'max-buffer-size-exceeded') handler.tooLarge()
    },
  })
  // eventsource-parser strips a byte order mark of its own, but only at the start: a comment in front keeps a second one.
  parser.feed(':\n')
  primed = true
  return (bytes) => {
    const text = decoder.decode(bytes, { stream: true })
    parser.feed(started ? text : text.replace(/^\uFEFF/, ''))
    started ||= text !== ''
  }
}
