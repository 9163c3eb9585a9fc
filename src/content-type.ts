const mimeType = /^\s*(?!\*\/\*)[^\s;/"]+\/[^\s;/"]+\s*(;|$)/
const eventStream = /^\s*text\/event-stream\s*(;|$)/i

/**
 * Whether a response with this Content-Type is an event stream. As in "extract a MIME type", the last MIME type of the
 * header counts; parameters are ignored.
 * {@link https://fetch.spec.whatwg.org/#concept-header-extract-mime-type}
 */
export function isEventStream(contentType: string | null): boolean {
  // A comma within a quoted string does not separate types: each quoted string is replaced by a quotation mark, which
  // no MIME type contains.
  const types = contentType?.replace(/"[^"]*"?/g, '"').split(',')
  return !!types?.findLast((type) => mimeType.test(type))?.match(eventStream)
}
