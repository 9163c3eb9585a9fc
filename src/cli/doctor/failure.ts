import { describeError } from '../../error-message.ts'
import { fail, type Verdict } from './verdict.ts'

/** What the codes and names of errors of Node, OpenSSL and undici mean, and what to do about it. */
const meanings: readonly (readonly [errors: RegExp, seen: string, mend: string])[] = [
  [/^ECONNREFUSED$/, 'the connection was refused', 'start the server, or look at the port: nobody listens there'],
  [/^ENOTFOUND$/, 'the host has no address', 'look at the host name, and at its DNS entry'],
  [/^EAI_AGAIN$/, 'the name server did not answer', 'look at the network and the name server of this machine'],
  [/^(EHOST|ENET)UNREACH$/, 'there is no way to the host', 'look at the network and the routes of this machine'],
  [
    /^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/,
    'the connection was closed',
    'look at the log of the server, or of the proxy before it, for what closed it',
  ],
  [
    /^(ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT)$/,
    'no connection came about',
    'look whether the server runs, and whether a firewall drops the packets',
  ],
  [/^HTTPParserError$/, 'what came is not HTTP', 'ask for https://, if the port speaks TLS'],
  [
    /^DEPTH_ZERO_SELF_SIGNED_CERT$/,
    'the certificate is signed by itself',
    'name it by --cacert FILE; browsers refuse it until it is trusted',
  ],
  [
    /^(SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_GET_ISSUER_CERT_LOCALLY)$/,
    'the certificate is signed by an authority that is not known',
    "name that authority's certificate by --cacert FILE",
  ],
  [
    /^UNABLE_TO_VERIFY_LEAF_SIGNATURE$/,
    'the chain of certificates is not complete',
    'have the server send the intermediate certificates, too',
  ],
  [/^CERT_HAS_EXPIRED$/, 'the certificate has expired', 'renew the certificate'],
  [/^CERT_NOT_YET_VALID$/, 'the certificate is not valid yet', 'look at the clocks, and at the certificate'],
  [
    /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    'the certificate is for another host',
    'ask by the name in the certificate, or have it made for this one',
  ],
  [/^(ERR_SSL_.*|EPROTO)$/, 'TLS failed', 'ask for http://, if the port speaks no TLS'],
]

interface DetailedError extends Error {
  readonly code?: unknown
  /** OpenSSL: what is wrong, without the place in its source. */
  readonly reason?: unknown
  /** Where several addresses were tried. */
  readonly errors?: readonly unknown[]
}

/** A request that failed before there was a response, or in the middle of it. */
export function describeFailure(error: Error): Verdict {
  const cause = findCause(error)
  const { code, name, reason } = cause
  const detail = typeof reason === 'string' ? reason : describeError(cause).trim()
  const [, seen, mend] = meanings.find(([errors]) => errors.test(String(code ?? name))) ?? []
  if (!seen || !mend) return fail(detail, 'look at the log of the server')
  return fail(`${seen} (${detail})`, mend)
}

/** The innermost error. */
function findCause(error: DetailedError): DetailedError {
  const inner = error.cause ?? error.errors?.[0]
  return inner instanceof Error ? findCause(inner) : error
}
