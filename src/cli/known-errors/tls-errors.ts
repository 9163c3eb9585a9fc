import type { KnownError, NetworkError } from './known-error.ts'

/** What a TLS error means, without the words of OpenSSL. */
interface TlsErrorDescription {
  readonly message: string
  /** What to do about it. */
  readonly fix: string
}

interface KnownTlsError extends TlsErrorDescription {
  /** Matches OpenSSL's name of the error, such as TLSV1_ALERT_PROTOCOL_VERSION. */
  readonly name: RegExp
}

/** Errors that OpenSSL finds in what the server sent, and alerts that the server sent, the most specific ones first. */
const knownTlsErrors: readonly KnownTlsError[] = [
  {
    name: /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|UNKNOWN_PROTOCOL|RECORD_LENGTH_MISMATCH/,
    message: 'the port does not speak TLS',
    fix: 'use http:// if the port expects HTTP without TLS; otherwise, correct the port',
  },
  {
    name: /CERTIFICATE_REQUIRED|PEER_DID_NOT_RETURN_A_CERTIFICATE/,
    message: 'the server requires a client certificate',
    fix: 'use a port or a proxy that requires none, since this command cannot send one (in code: the option dispatcher)',
  },
  {
    name: /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|VERSION_TOO_LOW|INAPPROPRIATE_FALLBACK/,
    message: 'the server supports only TLS versions that are too old',
    fix: 'enable TLS 1.2 or 1.3 in the server: browsers and Node no longer use older versions',
  },
  {
    name: /UNRECOGNIZED_NAME/,
    message: 'the server has no certificate for this host name',
    fix: 'use the host name that the server is configured for',
  },
  {
    name: /NO_APPLICATION_PROTOCOL/,
    message: 'the server supports neither HTTP/1.1 nor HTTP/2 on this port',
    fix: 'correct the port: it is for another protocol over TLS',
  },
  {
    name: /ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_\w+|ACCESS_DENIED)/,
    message: 'the server refused the client certificate, or the lack of one',
    fix: 'use a port or a proxy that requires no client certificate, since this command cannot send one (in code: the option dispatcher)',
  },
  {
    name: /HANDSHAKE_FAILURE|NO_SHARED_CIPHER|NO_CIPHERS|INSUFFICIENT_SECURITY/,
    message: 'the server refused the handshake',
    fix: 'check whether the server requires a client certificate, which this command cannot send, or allows only outdated ciphers',
  },
  {
    name: /TOO_SMALL|TOO_WEAK|WEAK_|BAD_DH|WRONG_(SIGNATURE_TYPE|CURVE)|LEGACY|DISALLOWED/,
    message: 'the encryption of the server is too weak',
    fix: 'give the server a certificate of at least 2,048 bits, and current ciphers',
  },
  {
    name: /UNEXPECTED_EOF|CLOSE_NOTIFY/,
    message: 'the server closed the connection without ending TLS',
    fix: 'look for the reason in the log of the server, or of the proxy in front of it',
  },
  {
    name: /BAD_RECORD_MAC|DECRYPT|DECODE|BAD_DIGEST|LENGTH_MISMATCH|BAD_LENGTH/,
    message: 'the encrypted data was corrupted in transit',
    fix: 'look for a proxy that changes the data; connect without it',
  },
  {
    name: /ALERT_INTERNAL_ERROR/,
    message: 'the server reported an internal error',
    fix: 'look for the reason in the log of the server; some servers answer like this if no certificate fits the host name',
  },
]

const unknownTlsError: TlsErrorDescription = {
  message: 'the server and the client could not agree',
  fix: 'look for the reason in the log of the server',
}

/** Errors of TLS other than those of certificates. */
export const tlsErrors: readonly KnownError[] = [
  {
    code: /^(ERR_O?SSL_.*|EPROTO)$/,
    message: (error) => `TLS failed (${describeTlsError(error).message})`,
    fix: (error) => describeTlsError(error).fix,
  },
]

function describeTlsError({ code, reason, message }: NetworkError): TlsErrorDescription {
  const words = typeof reason === 'string' ? reason : message
  const name = `${code} ${words}`.toUpperCase().replace(/[\s-]+/g, '_')
  return knownTlsErrors.find((known) => known.name.test(name)) ?? unknownTlsError
}
