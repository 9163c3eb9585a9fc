import { isHeader } from '#platform'
import { isOneShot } from '../request-body.ts'
import { isObject } from './validation.ts'

/** The methods that `fetch` refuses to send. */
const forbiddenMethod = /^(connect|trace|track)$/i

/** Whether `fetch` sends a method, which is a token, as the name of a header is. */
export function isMethod(value: unknown): boolean {
  return isHeader(value, '') && !forbiddenMethod.test(value as string)
}

/** Whether an object is a plain one, or an array. */
function isPlain(value: object): boolean {
  return [Object.prototype, Array.prototype, null].includes(Object.getPrototypeOf(value))
}

/**
 * Checks that a method may have this body, or a function that makes one, and that `fetch` would send it as it is: for a
 * plain object or an array it would send "[object Object]" or similar text.
 * @returns the body
 * @throws TypeError that does not contain the body, which may be a secret
 */
export function checkBody<Body>(body: Body, method: string): Body {
  if (body == null) return body
  if (/^(GET|HEAD)$/.test(method)) throw new TypeError(`a body is not allowed with ${method}: set method to POST`)
  const isSendable = isObject(body) ? !isPlain(body) || isOneShot(body) : typeof body === 'string'
  if (!isSendable) throw new TypeError(`fetch cannot send a body like this ${typeof body}: use JSON.stringify()`)
  return body
}
