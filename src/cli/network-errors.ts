import { isIPv6 } from 'node:net'
import { describeError } from '../error-message.ts'

/** What kind of error it is: with `certificate` and `unknown-host`, retrying rarely helps. */
export type NetworkErrorKind = 'certificate' | 'unknown-host' | 'other'

export interface NetworkErrorDescription {
  readonly kind: NetworkErrorKind
  readonly message: string
  /** What to do about it. */
  readonly fix: string
}

/** The members that errors of Node, OpenSSL and undici have. */
interface NetworkError extends Error {
  readonly code?: unknown
  /** OpenSSL's reason, without the location in its source. */
  readonly reason?: unknown
  /** The errors of all addresses that were tried. */
  readonly errors?: readonly unknown[]
  readonly address?: string
  readonly port?: number
  readonly hostname?: string
  readonly host?: string
  readonly cert?: { readonly subjectaltname?: string }
}

interface KnownError {
  /** Matches the code of the error, or its name if it has no code. */
  readonly code: RegExp
  /** Matches the message of the error; absent matches every message. */
  readonly text?: RegExp
  readonly kind?: NetworkErrorKind
  readonly message: string | ((error: NetworkError) => string)
  readonly fix: string
}

const trustFix = 'trust it with --cacert FILE, or accept any certificate with --insecure'

const knownErrors: readonly KnownError[] = [
  {
    code: /^ECONNREFUSED$/,
    message: (error) => `the connection${formatAddress(error)} was refused`,
    fix: 'start the server, or correct the port: no process listens on this one',
  },
  {
    code: /^ENOTFOUND$/,
    kind: 'unknown-host',
    message: ({ hostname }) => `the host name ${hostname ? `${JSON.stringify(hostname)} ` : ''}has no address`,
    fix: 'check the host name and its DNS records',
  },
  {
    code: /^EAI_AGAIN$/,
    message: 'the DNS server did not answer',
    fix: 'check the network and the DNS server of this machine',
  },
  {
    code: /^(EHOST|ENET)UNREACH$/,
    message: (error) => `the host is unreachable${formatAddress(error)}`,
    fix: 'check the network and the routes of this machine',
  },
  {
    code: /^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/,
    message: ({ message }) => `the connection was closed (${message})`,
    fix: 'look for the reason in the log of the server, or of the proxy in front of it',
  },
  {
    code: /^(ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT)$/,
    message: (error) => `connecting${formatAddress(error)} timed out`,
    fix: 'check that the server is running, and that no firewall drops the packets',
  },
  {
    code: /^(HTTPParserError|HPE_.*)$/,
    message: ({ message }) => `the response is not HTTP (${message.replace(/^Parse Error: /, '')})`,
    fix: 'use https:// if the port expects TLS',
  },
  {
    code: /^DEPTH_ZERO_SELF_SIGNED_CERT$/,
    kind: 'certificate',
    message: 'the certificate is self-signed',
    fix: `${trustFix}; browsers refuse it until it is trusted`,
  },
  {
    code: /^(SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_GET_ISSUER_CERT(_LOCALLY)?)$/,
    kind: 'certificate',
    message: 'the certificate is signed by an unknown authority',
    fix: "trust that authority's certificate with --cacert FILE, or accept any certificate with --insecure",
  },
  {
    code: /^UNABLE_TO_VERIFY_LEAF_SIGNATURE$/,
    kind: 'certificate',
    message: 'the certificate chain is incomplete',
    fix: 'configure the server to send the intermediate certificates, too, or pass them with --cacert FILE',
  },
  {
    code: /^CERT_HAS_EXPIRED$/,
    kind: 'certificate',
    message: 'the certificate has expired',
    fix: 'renew the certificate, or accept any certificate with --insecure',
  },
  {
    code: /^CERT_NOT_YET_VALID$/,
    kind: 'certificate',
    message: 'the certificate is not valid yet',
    fix: 'check the clocks, and the dates of the certificate',
  },
  {
    code: /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    kind: 'certificate',
    message: ({ host, cert }) =>
      `the certificate is for ${cert?.subjectaltname ? formatAltNames(cert.subjectaltname) : 'another host'}${host ? `, not for ${host}` : ''}`,
    fix: 'use a host name of the certificate, or issue a certificate for this one',
  },
  {
    code: /^(CERT_.*|UNABLE_TO_.*|CRL_.*|INVALID_(CA|PURPOSE))$/,
    kind: 'certificate',
    message: ({ message }) => `the certificate is not valid (${message})`,
    fix: trustFix,
  },
  {
    code: /^Error$/,
    text: /before the end of the response$/,
    message: ({ message }) => message,
    fix: 'end the response properly, with END_STREAM: a client takes a reset for a lost connection, whatever its error code',
  },
  {
    code: /^Error$/,
    text: /^no (connection|tunnel) within/,
    message: ({ message }) => message,
    fix: 'check that the server accepts connections, and that no firewall drops the packets',
  },
  {
    code: /^(ERR_SSL_.*|EPROTO)$/,
    message: ({ reason }) => `TLS failed${typeof reason === 'string' ? ` (${reason})` : ''}`,
    fix: 'use http:// if the port does not expect TLS',
  },
]

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
  return { kind, message: proxy + (typeof message === 'string' ? message : message(cause)), fix }
}

/** Returns the innermost error. */
function findCause(error: unknown): NetworkError {
  const { cause, errors } = error as NetworkError
  const inner = cause ?? errors?.[0]
  return inner instanceof Error ? findCause(inner) : (error as NetworkError)
}

function formatAddress({ address, port }: NetworkError): string {
  if (!address) return ''
  return ` to ${isIPv6(address) ? `[${address}]` : address}${port === undefined ? '' : `:${port}`}`
}

/** Formats a list such as "DNS:a.example, IP Address:127.0.0.1". */
function formatAltNames(subjectAltName: string): string {
  return subjectAltName.replace(/(DNS|IP Address):/g, '')
}
