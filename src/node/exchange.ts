import type { AsyncResource } from 'node:async_hooks'
import type { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import { isHeader } from '#platform'
import { nextMicrotask } from '../microtask.ts'
import { isRedirect } from '../transport/redirect.ts'
import type { Signal, TransportHandler, TransportResponse } from '../transport/transport.ts'
import type { ResponseHandler } from './connection.ts'
import { readCodings } from './content-coding.ts'
import { describePermanentFailure } from './permanent-failure.ts'
import { ResponseBody } from './response-body.ts'
import { describeTlsError, isTlsError } from './tls-error.ts'

type GivenHeaders = Record<string, string | string[] | undefined>

/** Headers with names in lower case. */
type ResponseHeaders = Readonly<GivenHeaders>

/** The headers from the caller's dispatcher, whose interceptors may add names that have capitals. */
function toLowerCase(given: GivenHeaders): ResponseHeaders {
  const headers: GivenHeaders = Object.create(null)
  for (const [name, value = ''] of Object.entries(given)) {
    const key = name.toLowerCase()
    headers[key] = headers[key] === undefined ? value : [headers[key], value].flat()
  }
  return headers
}

/** The value of a header as `Headers` would return it: several values are joined. */
function readHeader(headers: ResponseHeaders, name: string): string | null {
  const value = headers[name]
  if (value === undefined) return null
  return typeof value === 'string' ? value : value.join(', ')
}

function readHeaders(given: ResponseHeaders): Headers {
  const headers = new Headers()
  for (const [name, value = ''] of Object.entries(given)) {
    for (const each of [value].flat()) if (isHeader(name, each)) headers.append(name, each)
  }
  return headers
}

/** The head of a response. Its `Headers` are created only when they are read, which most streams never do. */
class Head implements TransportResponse {
  readonly url: string
  readonly status: number
  readonly statusText: string
  readonly #headers: ResponseHeaders

  constructor(url: string, status: number, statusText: string, headers: ResponseHeaders) {
    this.url = url
    this.status = status
    this.statusText = statusText
    this.#headers = headers
  }

  header(name: string): string | null {
    return readHeader(this.#headers, name)
  }

  get headers(): Headers {
    return readHeaders(this.#headers)
  }
}

/** The error of a request whose body is a stream that failed. */
class RequestBodyError extends Error {
  constructor(error: Error) {
    super(`the request body failed: ${error.message}`)
  }
}

/**
 * Whether an HTTP/1.1 connection stays open after a response, according to its headers. Only then may undici 7 pause it:
 * when a paused connection closes at the end of its response, undici throws an AssertionError that cannot be caught
 * (https://github.com/nodejs/undici/issues/5360, fixed in undici 8).
 */
function isKeptAlive(headers: ResponseHeaders): boolean {
  const hasLength = readHeader(headers, 'content-length') !== null || readHeader(headers, 'transfer-encoding') !== null
  return hasLength && !/\bclose\b/i.test(`${readHeader(headers, 'connection')}`)
}

/** A source that cannot be paused: what arrives while the consumer lags is kept in memory. */
const unpausable = { pause() {}, resume() {} }

export interface ExchangeOptions {
  readonly url: string
  readonly isHead: boolean
  readonly signal: Signal
  readonly handler: TransportHandler
  /** The caller's async context, in which the handler is called; a connection has the context of whoever opened it. */
  readonly context: AsyncResource
  /** Whether the request is sent over the caller's dispatcher. */
  readonly isCustomDispatcher: boolean
  /** Called instead of the handler if the response is a redirect. The exchange is over then. */
  redirected(response: TransportResponse): void
}

export const abortedMessage = 'the request was aborted'

/**
 * One request that was sent, and its response. It lives as long as the stream, so it keeps only what it needs of the
 * request.
 */
export class Exchange implements ResponseHandler {
  isOver = false
  onOver?: ((hasTimedOut: boolean) => void) | undefined
  readonly #url: string
  readonly #isHead: boolean
  readonly #handler: TransportHandler
  readonly #context: AsyncResource
  readonly #isCustomDispatcher: boolean
  #controller: Dispatcher.DispatchController | undefined
  #body: ResponseBody | undefined
  /** The request's body, if it is a stream. */
  #upload: Readable | undefined
  /** Present until the response begins: the function keeps the request in memory. */
  #redirected: ExchangeOptions['redirected'] | undefined

  constructor(options: ExchangeOptions) {
    const { url, isHead, signal, handler, context, isCustomDispatcher } = options
    this.#url = url
    this.#isHead = isHead
    this.#handler = handler
    this.#context = context
    this.#isCustomDispatcher = isCustomDispatcher
    signal.onabort = () => this.abort(!!signal.hasTimedOut)
    this.#redirected = options.redirected
  }

  /** Ends the exchange when the request's body fails; the end of the exchange destroys the body. */
  watch(upload: Readable): void {
    this.#upload = upload
    upload.on('error', (error) => this.finish(new RequestBodyError(error)))
  }

  /** @param hasTimedOut whether a timeout aborted the request: its connection may be dead then */
  abort(hasTimedOut: boolean): void {
    this.finish(new Error(abortedMessage))
    this.onOver?.(hasTimedOut)
  }

  /** Ends the exchange: the whole body was delivered, or an error occurred. */
  finish(error?: Error): void {
    if (this.isOver) return
    // An error of a dispatcher; other connections know which host it was.
    if (error && isTlsError(error)) describeTlsError(error, new URL(this.#url).host)
    this.#leave(error)
    // Not at once: a connection that reports the end of a request has not ended it yet.
    void nextMicrotask().then(() => this.#settle(error))
  }

  #leave(reason = new Error('done')): void {
    this.isOver = true
    this.#redirected = undefined
    this.#body?.destroy()
    this.#upload?.destroy()
    // Anything that still arrives is not read: the body of a redirect, or bytes after the end of the compressed data.
    this.#controller?.abort(reason)
  }

  #settle(error: Error | undefined): void {
    const handler = this.#handler
    const message = error && describePermanentFailure(error)
    if (!error) this.#context.runInAsyncScope(handler.end, handler)
    else if (message === undefined) this.#context.runInAsyncScope(handler.fail, handler, error)
    else this.#context.runInAsyncScope(handler.refuse, handler, 'unsupported', message)
  }

  bytes(chunk: Uint8Array): Promise<void> | undefined {
    return this.#context.runInAsyncScope(this.#handler.bytes, this.#handler, chunk)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.isOver) controller.abort(new Error(abortedMessage))
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    given: GivenHeaders,
    statusText = '',
  ): void {
    // Informational responses come before the final one. No other response follows "101 Switching Protocols".
    if (this.isOver || (status >= 100 && status < 200 && status !== 101)) return
    const headers = this.#isCustomDispatcher ? toLowerCase(given) : given
    const response = new Head(this.#url, status, statusText, headers)
    const redirected = this.#redirected
    this.#redirected = undefined
    if (isRedirect(status)) {
      this.#leave()
      this.#context.runInAsyncScope(redirected as ExchangeOptions['redirected'], undefined, response)
      return
    }
    const isEmpty = this.#isHead || status === 101 || status === 204 || status === 304
    let codings: readonly string[]
    try {
      codings = isEmpty ? [] : readCodings(readHeader(headers, 'content-encoding'))
    } catch (error) {
      // A response that is refused for its status is reported as such.
      if (status === 200) {
        this.finish(error as Error)
        return
      }
      codings = []
    }
    this.#body = new ResponseBody(
      codings,
      this,
      this.#isCustomDispatcher && !isKeptAlive(headers) ? unpausable : controller,
    )
    // The raw headers are views of the first packet, which would stay in memory as long as the stream.
    controller.rawHeaders = null
    this.#context.runInAsyncScope(this.#handler.response, this.#handler, response)
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    // The first chunk after a pause is empty.
    if (chunk.length && !this.isOver) this.#body?.write(chunk)
  }

  onResponseEnd(): void {
    this.#body?.end()
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    if (this.#body) this.#body.fail(error)
    else this.finish(error)
  }
}
