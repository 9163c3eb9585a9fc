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
 * @param given the value of the header Content-Length, if there is one
 * @param length the length of the body in bytes; undefined if it is not known
 * @throws ContentLengthError
 */
export function checkLength(given: string | undefined, length: number | undefined): void {
  if (given !== undefined && length !== undefined && Number(given) !== length) throw new ContentLengthError()
}
