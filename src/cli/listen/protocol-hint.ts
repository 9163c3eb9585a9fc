import { describeNetworkError } from '../network-errors.ts'

/** The codes of errors whose cause may be that the port expects another protocol. */
const codes = {
  /** The server has answered a TLS handshake with something else. */
  notTls:
    /^(EPROTO|ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|BAD_RECORD_TYPE|HTTP_REQUEST|UNEXPECTED_MESSAGE))$/,
  /** The server has refused a client without a certificate; most say no more than "handshake failure". */
  noCertificate: /^ERR_SSL_\w+_ALERT_(CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE|BAD_CERTIFICATE)$/,
  notHttp: /^(HTTPParserError|HPE_.*)$/,
  closed: /^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/,
}

/**
 * Suggests what to do if a connection failed before any response, possibly because the port expects another protocol.
 * @param url the URL, without secrets
 * @param doctor the suggestion to run the doctor
 */
export function suggestProtocol(error: unknown, url: string, doctor: string): string | undefined {
  const code = findCode(error)
  // A timeout has no error.
  if (code === '') return undefined
  if (codes.noCertificate.test(code)) {
    return 'the server may require a client certificate, which only the library can send: use its option dispatcher'
  }
  const isTls = url.startsWith('https:')
  const other = url.replace(/^https?:/, isTls ? 'http:' : 'https:')
  // The scheme of the proxy's own URL is not that of the stream.
  if (describeNetworkError(error).message.startsWith('the proxy ')) return undefined
  if (isTls && codes.notTls.test(code)) return `the port does not seem to expect TLS: try ${other}; ${doctor}`
  if (isTls) return undefined
  if (codes.notHttp.test(code)) return `the port expects TLS, or another protocol: try ${other}; ${doctor}`
  if (codes.closed.test(code)) return `if the port expects TLS, try ${other}; ${doctor}`
  return undefined
}

/** Returns the code of the innermost error, or its name; of several addresses, that of the first one. */
function findCode(error: unknown): string {
  if (!(error instanceof Error)) return ''
  const { cause, errors, code = error.name } = error as NodeJS.ErrnoException & Partial<AggregateError>
  return findCode(cause ?? errors?.[0]) || code
}
