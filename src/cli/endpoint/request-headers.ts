import { describeError } from '../../error-message.ts'
import { copyHeaders } from '../../options/headers.ts'
import type { RequestHeaders } from '../../platform/platform.ts'
import { UsageError } from '../command-line/errors.ts'

/**
 * Returns the value of the Authorization header that `-u` gives.
 * @throws UsageError
 */
export function parseUser(user: string): string {
  // The value may be a password, so the message does not contain it.
  if (!user.includes(':')) throw new UsageError('-u needs a password: -u USER:PASSWORD')
  return `Basic ${Buffer.from(user).toString('base64')}`
}

/**
 * Parses the headers that `-H` gives.
 * @throws UsageError, without the text of a header: it may be a secret
 */
export function parseHeaders(values: readonly string[]): RequestHeaders {
  const fields = values.map((text, index) => {
    const colon = text.indexOf(':')
    if (colon < 1) throw new UsageError(`-H number ${index + 1} is not 'Name: value'`)
    return [text.slice(0, colon), text.slice(colon + 1).trim()] as const
  })
  try {
    return copyHeaders(fields)
  } catch (error) {
    throw new UsageError(describeError(error).replace('headers', '-H'), { cause: error })
  }
}
