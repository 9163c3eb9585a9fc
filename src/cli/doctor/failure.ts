import { describe } from '../../events.ts'
import type { Verdict } from './verdict.ts'
import { fail } from './verdict.ts'

/** What a code of Node, OpenSSL or undici means, and what to do about it. */
const meanings: Readonly<Record<string, readonly [seen: string, mend: string]>> = {
  ECONNREFUSED: ['the connection was refused', 'start the server, or mend the port: nobody listens there'],
  ENOTFOUND: ['the host has no address', 'mend the host name, or the DNS entry'],
  EAI_AGAIN: ['the name server did not answer', 'look at the network and the name server of this machine'],
  ECONNRESET: [
    'the connection was reset',
    'look at the log of the server, or of the proxy before it, for what ended it',
  ],
  EPIPE: ['the connection was reset', 'look at the log of the server, or of the proxy before it, for what ended it'],
  UND_ERR_SOCKET: [
    'the connection was closed',
    'look at the log of the server, or of the proxy before it, for what ended it',
  ],
  ETIMEDOUT: ['no connection came about', 'look whether the server runs, and whether a firewall drops the packets'],
  UND_ERR_CONNECT_TIMEOUT: [
    'no connection came about',
    'look whether the server runs, and whether a firewall drops the packets',
  ],
  EHOSTUNREACH: ['there is no way to the host', 'look at the network and the routes of this machine'],
  ENETUNREACH: ['there is no way to the host', 'look at the network and the routes of this machine'],
  EPROTO: ['TLS failed', 'ask for http://, if the port speaks no TLS'],
  DEPTH_ZERO_SELF_SIGNED_CERT: [
    'the certificate is signed by itself',
    'name it by --cacert FILE; browsers refuse it until it is trusted',
  ],
  SELF_SIGNED_CERT_IN_CHAIN: [
    'the certificate is signed by an authority that is not known',
    "name that authority's certificate by --cacert FILE",
  ],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: [
    'the certificate is signed by an authority that is not known',
    "name that authority's certificate by --cacert FILE",
  ],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: [
    'the chain of certificates is not complete',
    'have the server send the intermediate certificates, too',
  ],
  CERT_HAS_EXPIRED: ['the certificate has expired', 'renew the certificate'],
  CERT_NOT_YET_VALID: ['the certificate is not valid yet', 'look at the clocks, and at the certificate'],
  ERR_TLS_CERT_ALTNAME_INVALID: [
    'the certificate is for another host',
    'ask by the name in the certificate, or have it made for this one',
  ],
}

/** A request that failed before there was a response, or in the middle of it. */
export function describeFailure(error: Error): Verdict {
  const code = findCode(error)
  const known = meanings[code]
  const detail = describe(error)
  if (known) return fail(`${known[0]} (${detail})`, known[1])
  if (code.startsWith('HPE_'))
    return fail(`what came is not HTTP (${detail})`, 'ask for https://, if the port speaks TLS')
  return fail(detail, 'look at the log of the server')
}

function findCode(error: unknown): string {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    const { code, errors } = at as Error & { readonly code?: unknown; readonly errors?: readonly unknown[] }
    if (typeof code === 'string') return code
    if (errors?.[0]) return findCode(errors[0])
  }
  return ''
}
