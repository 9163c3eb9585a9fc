import type { Transport, TransportHandler, TransportRequest, TransportResponse } from '../src/transport/transport.ts'

/** A request to a scripted transport, with methods for all that a server and a network can do to it, in any order. */
export class ScriptedRequest {
  readonly request: TransportRequest
  readonly #handler: TransportHandler
  /** The promise that must be awaited before more is read. */
  pause: Promise<void> | undefined

  constructor(request: TransportRequest, handler: TransportHandler) {
    this.request = request
    this.#handler = handler
  }

  get isOpen(): boolean {
    return !this.request.signal.aborted
  }

  respond(status = 200, headers: HeadersInit = { 'Content-Type': 'text/event-stream' }): void {
    const given = new Headers(headers)
    this.head({ url: this.request.url, status, statusText: '', headers: given, header: (name) => given.get(name) })
  }

  head(response: TransportResponse): void {
    this.#handler.response(response)
  }

  send(body: string | Uint8Array): void {
    this.pause = this.#handler.bytes(typeof body === 'string' ? new TextEncoder().encode(body) : body)
  }

  refuse(reason: 'redirect' | 'unsupported', message: string, response?: TransportResponse): void {
    this.#handler.refuse(reason, message, response)
    this.end()
  }

  end(): void {
    this.#handler.end()
  }

  lose(error: unknown): void {
    this.#handler.fail(error)
  }
}

/**
 * A mock of the network, because only with a mock can a test choose the order of events and let a connection continue
 * after its request is over. It ignores the signal. The real transports are tested with real servers.
 */
export class ScriptedTransport {
  readonly requests: ScriptedRequest[] = []

  readonly transport: Transport = {
    runInContext: (callback) => callback(),
    send: (request, handler) => {
      this.requests.push(new ScriptedRequest(request, handler))
    },
  }

  get latest(): ScriptedRequest {
    const latest = this.requests.at(-1)
    if (!latest) throw new Error('no request was sent')
    return latest
  }
}
