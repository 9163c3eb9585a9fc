import { ContentCodingError } from './content-coding.ts'
import { HeaderError } from './header-fields.ts'
import { ProxyVariableError } from './proxy-environment.ts'
import { ProxyRefusalError } from './tunnel.ts'

/** The message of an error that further attempts would meet again; undefined for any other error. */
export function describePermanentFailure(error: unknown): string | undefined {
  const errors = [ProxyVariableError, HeaderError, ContentCodingError]
  if (errors.some((kind) => error instanceof kind)) return (error as Error).message
  // Node's permission model does not allow the network.
  if ((error as NodeJS.ErrnoException).code === 'ERR_ACCESS_DENIED') return (error as Error).message
  if (error instanceof ProxyRefusalError && error.isFinal) return error.message
  // The message of the error that a dispatcher of an older undici throws.
  return /invalid on\w+ method/.test(`${error}`) ? 'dispatcher is not a Dispatcher of undici 7 or newer' : undefined
}
