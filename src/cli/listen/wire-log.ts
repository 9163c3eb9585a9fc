import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { type IncomingHttpHeaders, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { ResponseController } from '../../node/connection.ts'
import { formatHeaders, redactUrl } from '../endpoint/redact.ts'
import type { Diagnostics } from '../terminal/diagnostics.ts'

/** undici publishes every request over HTTP/1.1 here when it is written, with all its headers and its socket. */
const channel = 'undici:client:sendHeaders'

interface SentRequest {
  readonly request: { readonly method: string; readonly path: string; readonly origin: string | URL }
  /** The header lines; over HTTP/1.1, after the request line. */
  readonly headers: string
  readonly socket: Socket | TLSSocket
}

/** Reports requests and responses as they are on the wire, without secrets; for `--verbose`. */
export class WireLog {
  readonly #diagnostics: Diagnostics
  #httpVersion = '1.1'

  constructor(diagnostics: Diagnostics) {
    this.#diagnostics = diagnostics
    subscribe(channel, this.#onSent)
  }

  /** Reports a request over HTTP/2. */
  sent({ httpVersion, sentHeaders }: Partial<ResponseController>): void {
    if (httpVersion !== '2' || !sentHeaders) return
    this.#httpVersion = httpVersion
    const { ':method': method, ':path': path, ':scheme': scheme, ...fields } = sentHeaders
    const origin = `${scheme}://${fields[':authority']}`
    this.#report({ method: `${method}`, path: `${path}`, origin }, Object.entries(fields) as [string, string][])
  }

  /** Reports the head of a response. */
  responded(status: number, statusText: string, headers: IncomingHttpHeaders): void {
    const reason = statusText || STATUS_CODES[status] || ''
    this.#diagnostics.detail(`< HTTP/${this.#httpVersion} ${status} ${reason}`.trimEnd())
    const fields = Object.entries(headers).flatMap(([name, value = '']) => [value].flat().map((each) => [name, each]))
    for (const line of formatHeaders(fields as [string, string][])) this.#diagnostics.detail(`< ${line}`)
  }

  close(): void {
    unsubscribe(channel, this.#onSent)
  }

  readonly #onSent = (message: unknown): void => {
    const { request, headers, socket } = message as SentRequest
    this.#httpVersion = 'alpnProtocol' in socket && socket.alpnProtocol === 'h2' ? '2' : '1.1'
    const fields = headers.split('\r\n').flatMap((line): [string, string][] => {
      const [, name, value] = /^(:?[^\s:]+): (.*)$/.exec(line) ?? []
      return name === undefined || value === undefined || /^:(method|path|scheme)$/.test(name) ? [] : [[name, value]]
    })
    this.#report(request, fields)
  }

  #report(request: SentRequest['request'], fields: [string, string][]): void {
    this.#diagnostics.detail(`> ${request.method} ${redactTarget(request)} HTTP/${this.#httpVersion}`)
    for (const line of formatHeaders(fields)) this.#diagnostics.detail(`> ${line}`)
  }
}

/** Returns the target of a request: a path, or a URL to a proxy that forwards, or a host to a proxy that tunnels. */
function redactTarget({ method, path, origin }: SentRequest['request']): string {
  if (method === 'CONNECT') return path
  const url = redactUrl(new URL(path, origin).href)
  return path.startsWith('/') ? url.slice(new URL(url).origin.length) : url
}
