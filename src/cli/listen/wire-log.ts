import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { type IncomingHttpHeaders, STATUS_CODES } from 'node:http'
import type { ResponseController, SentRequest } from '../../node/connection.ts'
import { formatHeaders, redactUrl } from '../endpoint/redact.ts'
import type { Diagnostics } from '../terminal/diagnostics.ts'

/** undici publishes a request here when it is written, with all its headers: one that goes through a SOCKS proxy. */
const channel = 'undici:client:sendHeaders'

interface UndiciRequest {
  readonly request: Omit<SentRequest, 'fields'>
  /** The header lines, after the request line. */
  readonly headers: string
}

/** Reports requests and responses as they are on the wire, without secrets; for `--verbose`. */
export class WireLog {
  readonly #diagnostics: Diagnostics
  #httpVersion = '1.1'

  constructor(diagnostics: Diagnostics) {
    this.#diagnostics = diagnostics
    subscribe(channel, this.#onSent)
  }

  /** Reports a request over a connection of the library's own. */
  sent({ httpVersion, sent }: Partial<ResponseController>): void {
    if (!httpVersion || !sent) return
    this.#httpVersion = httpVersion
    this.#report(sent)
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
    const { request, headers } = message as UndiciRequest
    this.#httpVersion = '1.1'
    const fields = headers.split('\r\n').flatMap((line): [string, string][] => {
      const [, name, value] = /^([^\s:]+): (.*)$/.exec(line) ?? []
      return name === undefined || value === undefined ? [] : [[name, value]]
    })
    this.#report({ method: request.method, path: request.path, origin: request.origin, fields })
  }

  #report(request: SentRequest): void {
    this.#diagnostics.detail(`> ${request.method} ${redactTarget(request)} HTTP/${this.#httpVersion}`)
    for (const line of formatHeaders(request.fields)) this.#diagnostics.detail(`> ${line}`)
  }
}

/** Returns the target of a request: a path, or a URL to a proxy that forwards. */
function redactTarget({ path, origin }: SentRequest): string {
  const url = redactUrl(new URL(path, origin).href)
  return path.startsWith('/') ? url.slice(new URL(url).origin.length) : url
}
