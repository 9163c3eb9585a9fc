/**
 * The MIME types that a Content-Type header lists. A comma within a quoted string separates nothing: each quoted string
 * is replaced by a quotation mark, which no MIME type contains.
 */
function splitTypes(contentType: string): string[] {
  return contentType.replace(/"[^"]*"?/g, '"').split(',')
}

const mimeType = /^\s*(?!\*\/\*)[^\s;/"]+\/[^\s;/"]+\s*(;|$)/
const eventStream = /^\s*text\/event-stream\s*(;|$)/i

/**
 * Whether a response with this Content-Type is an event stream. As in "extract a MIME type", the last MIME type of the
 * header counts; parameters are ignored.
 * {@link https://fetch.spec.whatwg.org/#concept-header-extract-mime-type}
 */
export function isEventStream(contentType: string | null): boolean {
  const last = splitTypes(contentType ?? '').findLast((type) => mimeType.test(type))
  return eventStream.test(last ?? '')
}
