import { describeError } from '../../error-message.ts'
import { type CheckResult, fail } from './check-result.ts'

/** The meanings of the codes and names of errors of Node, OpenSSL and undici, and what to do about them. */
const meanings: readonly (readonly [errors: RegExp, message: string, fix: string])[] = [
  [
    /^ECONNREFUSED$/,
    'the connection was refused',
    'start the server, or correct the port: no process listens on this one',
  ],
  [/^ENOTFOUND$/, 'the host name has no address', 'check the host name and its DNS records'],
  [/^EAI_AGAIN$/, 'the DNS server did not answer', 'check the network and the DNS server of this machine'],
  [/^(EHOST|ENET)UNREACH$/, 'the host is unreachable', 'check the network and the routes of this machine'],
  [
    /^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/,
    'the connection was closed',
    'look for the reason in the log of the server, or of the proxy in front of it',
  ],
  [
    /^(ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT)$/,
    'connecting timed out',
    'check that the server is running, and that no firewall drops the packets',
  ],
  [/^HTTPParserError$/, 'the response is not HTTP', 'use https:// if the port expects TLS'],
  [
    /^DEPTH_ZERO_SELF_SIGNED_CERT$/,
    'the certificate is self-signed',
    'pass it with --cacert FILE; browsers refuse it until it is trusted',
  ],
  [
    /^(SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_GET_ISSUER_CERT_LOCALLY)$/,
    'the certificate is signed by an unknown authority',
    "pass that authority's certificate with --cacert FILE",
  ],
  [
    /^UNABLE_TO_VERIFY_LEAF_SIGNATURE$/,
    'the certificate chain is incomplete',
    'configure the server to send the intermediate certificates, too',
  ],
  [/^CERT_HAS_EXPIRED$/, 'the certificate has expired', 'renew the certificate'],
  [/^CERT_NOT_YET_VALID$/, 'the certificate is not valid yet', 'check the clocks, and the dates of the certificate'],
  [
    /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    'the certificate is for another host',
    'use the host name in the certificate, or issue a certificate for this one',
  ],
  [/^(ERR_SSL_.*|EPROTO)$/, 'TLS failed', 'use http:// if the port does not expect TLS'],
]

interface DetailedError extends Error {
  readonly code?: unknown
  /** OpenSSL's reason, without the location in its source. */
  readonly reason?: unknown
  /** The errors of all addresses that were tried. */
  readonly errors?: readonly unknown[]
}

/** Describes a request that failed before the response, or in the middle of it. */
export function describeFailure(error: Error): CheckResult {
  const cause = findCause(error)
  const { code, name, reason } = cause
  const detail = typeof reason === 'string' ? reason : describeError(cause).trim()
  const [, message, fix] = meanings.find(([errors]) => errors.test(String(code ?? name))) ?? []
  if (!message || !fix) return fail(detail, 'look for the reason in the log of the server')
  return fail(`${message} (${detail})`, fix)
}

/** Returns the innermost error. */
function findCause(error: DetailedError): DetailedError {
  const inner = error.cause ?? error.errors?.[0]
  return inner instanceof Error ? findCause(inner) : error
}
