/**
 * The characters that a field value may not contain (RFC 9110, section 5.5). Values are checked before they are sent:
 * nghttp2 closes the whole connection for such a value.
 */
const forbiddenInValue = /[^\t\x20-\x7e\x80-\xff]/

/** The error of a header that cannot be sent. */
export class HeaderError extends Error {}

/** @throws HeaderError that names the header, but not its value */
export function checkValue(name: string, value: string): void {
  if (forbiddenInValue.test(value)) throw new HeaderError(`invalid ${name} header`)
}

/** The error of a Content-Length that is not the body's: a server would misread where the next request begins. */
export class ContentLengthError extends HeaderError {
  constructor() {
    super('the content-length header is not the length of the body')
  }
}

/**
 * Adds the Content-Length to the header fields of a request.
 * @param length the length of the body in bytes, 0 without a body; undefined if it is not known
 * @throws ContentLengthError if the fields have another one
 */
export function addLength(fields: Record<string, string>, method: string, length: number | undefined): void {
  const given = fields['content-length']
  if (length === undefined) return
  if (given !== undefined && Number(given) !== length) throw new ContentLengthError()
  // RFC 9110, section 8.6: "A user agent SHOULD send Content-Length in a request when the method defines a meaning for
  // enclosed content and it is not sending Transfer-Encoding." A method that is not known may do so.
  if (length || !/^(GET|HEAD|DELETE|OPTIONS)$/.test(method)) fields['content-length'] ??= `${length}`
}
