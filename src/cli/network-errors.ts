import { describeError } from '../error-message.ts'
import { certificateErrors } from './known-errors/certificate-errors.ts'
import { connectionErrors } from './known-errors/connection-errors.ts'
import { httpErrors } from './known-errors/http-errors.ts'
import type { NetworkError, NetworkErrorKind } from './known-errors/known-error.ts'
import { tlsErrors } from './known-errors/tls-errors.ts'

export interface NetworkErrorDescription {
  readonly kind: NetworkErrorKind
  readonly message: string
  /** What to do about it. */
  readonly fix: string
}

const knownErrors = [...connectionErrors, ...httpErrors, ...certificateErrors, ...tlsErrors]

/** Describes the error of a connection in plain words, without the raw text of OpenSSL. */
export function describeNetworkError(error: unknown): NetworkErrorDescription {
  const cause = findCause(error)
  const code = String(cause.code ?? cause.name)
  const known = knownErrors.find((each) => each.code.test(code) && (each.text?.test(cause.message) ?? true))
  if (!known) {
    const message = describeError(cause).trim()
    return { kind: 'other', message, fix: 'look for the reason in the log of the server' }
  }
  const { kind = 'other', message, fix } = known
  const [proxy = ''] = /^the proxy \S+: /.exec(cause.message) ?? []
  const fill = (text: typeof message): string => (typeof text === 'string' ? text : text(cause))
  return { kind, message: proxy + fill(message), fix: fill(fix) }
}

/** Returns the innermost error. */
function findCause(error: unknown): NetworkError {
  const { cause, errors } = error as NetworkError
  const inner = cause ?? errors?.[0]
  return inner instanceof Error ? findCause(inner) : (error as NetworkError)
}
