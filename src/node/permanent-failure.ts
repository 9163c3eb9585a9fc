import { ContentCodingError } from './content-coding.ts'
import { HeaderError } from './header-fields.ts'
import { ProxyVariableError } from './proxy-environment.ts'
import { ProxyRefusalError } from './tunnel.ts'

const permanentCodes = new Set<string | undefined>([
  // Node's permission model does not allow the network.
  'ERR_ACCESS_DENIED',
  // A SOCKS proxy rejects the credentials, or wants some.
  'UND_ERR_SOCKS5_AUTH_FAILED',
  'UND_ERR_SOCKS5_AUTH_REJECTED',
])

/** The message of an error that further attempts would meet again; undefined for any other error. */
export function describePermanentFailure(error: unknown): string | undefined {
  const errors = [ProxyVariableError, HeaderError, ContentCodingError]
  if (errors.some((kind) => error instanceof kind)) return (error as Error).message
  const { code, message } = error as NodeJS.ErrnoException
  if (permanentCodes.has(code)) return message
  if (error instanceof ProxyRefusalError && error.isFinal) return error.message
  // The message of the error that a dispatcher of an older undici throws.
  return /invalid on\w+ method/.test(`${error}`) ? 'dispatcher is not a Dispatcher of undici 7 or newer' : undefined
}
