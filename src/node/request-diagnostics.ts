import { channel } from 'node:diagnostics_channel'
import { hasHttpTracers } from './client-request.ts'
import type { RequestOptions, ResponseHandler } from './connection.ts'
import { DelegatingHandler } from './delegating-handler.ts'
import { abortedMessage } from './exchange.ts'

/**
 * The diagnostics channels of undici and of Node's `fetch`, which tracers subscribe to: spans are created, and headers
 * such as `traceparent` added, as for a request of theirs.
 * {@link https://github.com/nodejs/undici/blob/main/docs/docs/api/DiagnosticsChannel.md}
 */
const channels = {
  create: channel('undici:request:create'),
  headers: channel('undici:request:headers'),
  trailers: channel('undici:request:trailers'),
  error: channel('undici:request:error'),
}

/** A request as tracers see it. */
interface TracedRequest {
  readonly origin: string
  readonly method: string
  readonly path: string
  /** Names and values, alternating. */
  readonly headers: string[]
  /** Adds a header to the request that is sent. */
  addHeader(name: string, value: string): void
}

/** Names and values, alternating, without the pseudo-headers of HTTP/2. */
function flatten(headers: Readonly<Record<string, string | string[] | undefined>>): string[] {
  const fields = Object.entries(headers).filter(([name]) => !name.startsWith(':'))
  return fields.flatMap(([name, value = '']) => [value].flat().flatMap((each) => [name, each]))
}

/** Reports what becomes of a request. */
class TracingHandler extends DelegatingHandler {
  readonly #request: TracedRequest
  #isReported = false

  constructor(request: TracedRequest, handler: ResponseHandler) {
    super(handler)
    this.#request = request
  }

  override onResponseStart(...response: Parameters<DelegatingHandler['onResponseStart']>): void {
    const [, statusCode, headers, statusText = ''] = response
    if (channels.headers.hasSubscribers) {
      const raw = flatten(headers).map((text) => Buffer.from(text, 'latin1'))
      channels.headers.publish({ request: this.#request, response: { statusCode, headers: raw, statusText } })
    }
    super.onResponseStart(...response)
  }

  override onResponseEnd(...end: Parameters<DelegatingHandler['onResponseEnd']>): void {
    if (!this.#isReported) channels.trailers.publish({ request: this.#request, trailers: [] })
    this.#isReported = true
    super.onResponseEnd(...end)
  }

  override onResponseError(...failure: Parameters<DelegatingHandler['onResponseError']>): void {
    this.#reportError(failure[1])
    super.onResponseError(...failure)
  }

  override set onOver(onOver: ResponseHandler['onOver']) {
    super.onOver = (hasTimedOut) => {
      this.#reportError(new Error(abortedMessage))
      onOver?.(hasTimedOut)
    }
  }

  #reportError(error: Error): void {
    if (!this.#isReported) channels.error.publish({ request: this.#request, error })
    this.#isReported = true
  }
}

/** Whether Node reports a request to tracers itself: they must not see two. */
function isReportedByNode({ origin }: RequestOptions): boolean {
  return `${origin}`.startsWith('http:') && hasHttpTracers()
}

/** Lets tracers see a request, and add headers to it. Returns the handler to send it with. */
export function traceRequest(options: RequestOptions, handler: ResponseHandler): ResponseHandler {
  if (!channels.create.hasSubscribers || isReportedByNode(options)) return handler
  const sent = options.headers as Record<string, string>
  const request: TracedRequest = {
    origin: `${options.origin}`,
    method: options.method,
    path: options.path,
    headers: flatten(sent),
    addHeader(name, value) {
      sent[name.toLowerCase()] = value
    },
  }
  channels.create.publish({ request })
  return new TracingHandler(request, handler)
}
