import { isIPv6 } from 'node:net'
import type { KnownError, NetworkError } from './known-error.ts'

/** Why a connection was not established, or was lost. */
export const connectionErrors: readonly KnownError[] = [
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
    message: ({ message }) => describeClosing(message),
    fix: 'look for the reason in the log of the server, or of the proxy in front of it',
  },
  {
    code: /^(ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT)$/,
    message: (error) => `connecting${formatAddress(error)} timed out`,
    fix: 'check that the server is running, and that no firewall drops the packets',
  },
  {
    code: /^Error$/,
    text: /its response is invalid, before the end of the response$/,
    message: ({ message }) => message,
    fix: 'send as many bytes as Content-Length says, and only valid header fields; otherwise, look for the reason in the log of the server',
  },
  {
    code: /^Error$/,
    text: /before the end of the response$/,
    message: ({ message }) => message,
    fix: 'end the response properly, with END_STREAM: a client takes a reset for a lost connection, whatever its error code',
  },
  {
    code: /^Error$/,
    text: /^no (connection|tunnel) to \S+ within/,
    message: ({ message }) => message,
    fix: 'check that the server accepts connections, and that no firewall drops the packets',
  },
]

/** Describes why a connection was closed, without the names of system calls. */
function describeClosing(message: string): string {
  if (message.startsWith('the connection was closed')) return message
  if (/secure TLS connection/.test(message)) return 'the connection was closed during the TLS handshake'
  return /ECONNRESET/.test(message) ? 'the connection was reset' : 'the connection was closed'
}

function formatAddress({ address, port }: NetworkError): string {
  if (!address) return ''
  return ` to ${isIPv6(address) ? `[${address}]` : address}${port === undefined ? '' : `:${port}`}`
}
