import { createHeaders, isHeader } from '#platform'
import type { RequestHeaders } from '../platform/platform.ts'
import type { HeadersInit } from './event-source-init.ts'
import { isObject, throwInvalid } from './validation.ts'

/**
 * Copies headers.
 * @throws TypeError that names the header, but not its value, which may be a secret
 */
export function copyHeaders(init: HeadersInit | null | undefined): RequestHeaders {
  const headers = createHeaders()
  const given: HeadersInit = init ?? {}
  if (!isObject(given)) throw new TypeError(`headers: a ${typeof given}, not pairs of name and value`)
  for (const pair of Symbol.iterator in given ? given : Object.entries(given)) {
    // The characters of a string would be taken for a name and a value.
    if (!isObject(pair)) throw new TypeError(`headers: a ${typeof pair}, not pairs of name and value`)
    const [name, value] = pair
    // `new Headers()` takes them for the words "undefined" and "null".
    if (value == null) throwInvalid(`headers: ${name}`, value, 'a string')
    if (!isHeader(name, value)) throwInvalid('headers', name, 'a token with a Latin-1 value free of CR, LF and NUL')
    headers.append(name, value)
  }
  return headers
}
