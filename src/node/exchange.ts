import type { AsyncResource } from 'node:async_hooks'
import type { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import { isHeader } from '#platform'
import { isRedirect } from '../transport/redirect.ts'
import type { Signal, TransportHandler, TransportResponse } from '../transport/transport.ts'
import type { ResponseHandler } from './connection.ts'
import { readCodings } from './content-coding.ts'
import { Sink } from './sink.ts'

type GivenHeaders = Record<string, string | string[] | undefined>

/** The value of a header, as Headers say it. */
function readHeader(given: GivenHeaders, name: string): string | null {
  const values = Object.entries(given).flatMap(([key, value = '']) => (key.toLowerCase() === name ? value : []))
  return values.length ? values.join(', ') : null
}

function readHeaders(given: GivenHeaders): Headers {
  const headers = new Headers()
  for (const [name, value = ''] of Object.entries(given)) {
    for (const each of [value].flat()) if (isHeader(name, each)) headers.append(name, each)
  }
  return headers
}

/** The head of a response, whose headers are read when somebody asks: a stream that goes well needs none of them. */
class Head implements TransportResponse {
  readonly url: string
  readonly status: number
  readonly statusText: string
  readonly #headers: GivenHeaders

  constructor(url: string, status: number, statusText: string, headers: GivenHeaders) {
    this.url = url
    this.status = status
    this.statusText = statusText
    this.#headers = headers
  }

  get contentType(): string | null {
    return readHeader(this.#headers, 'content-type')
  }

  get headers(): Headers {
    return readHeaders(this.#headers)
  }
}

/** The stream that is the request's body failed. */
class RequestBodyError extends Error {
  constructor(error: Error) {
    super(`the request body failed: ${error.message}`)
  }
}

/**
 * Whether a connection of HTTP/1.1 goes on after a response, as far as its headers say: only then may it be paused by undici 7,
 * which throws an AssertionError that nobody can catch when a paused connection ends with its response
 * (https://github.com/nodejs/undici/issues/5360, fixed in undici 8).
 */
function isKeptAlive(headers: GivenHeaders): boolean {
  const hasLength = readHeader(headers, 'content-length') !== null || readHeader(headers, 'transfer-encoding') !== null
  return hasLength && !/\bclose\b/i.test(`${readHeader(headers, 'connection')}`)
}

/** What is not paused: a consumer that is behind has all that comes kept for it. */
const unpausable = { pause() {}, resume() {} }

export interface ExchangeOptions {
  readonly url: string
  readonly isHead: boolean
  readonly signal: Signal
  readonly handler: TransportHandler
  /** The caller's context, in which all that the handler calls has to run: a connection has that of who opened it. */
  readonly context: AsyncResource
  /** Whether the request goes over a dispatcher of the caller's. */
  readonly isForeign: boolean
}

export const nobodyWaits = 'nobody waits any more'

/** What comes of a request: a redirect, or a body that has an end. */
export type Reply = { readonly redirect: TransportResponse } | { readonly end: Promise<void> }

/**
 * One request, sent. It lasts as long as the stream, so that it keeps nothing of the request but what it needs, and has
 * its functions in common with all others.
 */
export class Exchange implements ResponseHandler {
  /** Rejected when the connection is lost, or nobody is interested any more, before there is a response. */
  readonly reply: Promise<Reply>
  isOver = false
  onOver?: ((hasTimedOut: boolean) => void) | undefined
  readonly #url: string
  readonly #isHead: boolean
  readonly #handler: TransportHandler
  readonly #context: AsyncResource
  readonly #isForeign: boolean
  #controller: Dispatcher.DispatchController | undefined
  #sink: Sink | undefined
  /** The stream that is the request's body. */
  #upload: Readable | undefined
  #resolve!: (reply: Reply) => void
  #resolveEnd: (() => void) | undefined
  #reject!: (error: Error) => void

  constructor({ url, isHead, signal, handler, context, isForeign }: ExchangeOptions) {
    this.#url = url
    this.#isHead = isHead
    this.#handler = handler
    this.#context = context
    this.#isForeign = isForeign
    signal.onabort = () => this.abort(!!signal.hasTimedOut)
    this.reply = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // Whoever awaits it hears of it; nobody does where the request could not be sent.
    this.reply.catch(() => {})
  }

  /** Has the exchange end when the stream that is the request's body fails, and the other way round. */
  watch(upload: Readable): void {
    this.#upload = upload
    upload.on('error', (error) => this.finish(new RequestBodyError(error)))
  }

  /** @param hasTimedOut whether a timeout is the reason: the connection is not to be trusted then */
  abort(hasTimedOut: boolean): void {
    this.finish(new Error(nobodyWaits))
    this.onOver?.(hasTimedOut)
  }

  /** All was handed on, or nothing more will be. */
  finish(error?: Error): void {
    if (this.isOver) return
    this.isOver = true
    this.#sink?.destroy()
    this.#upload?.destroy()
    if (error) this.#reject(error)
    else this.#resolveEnd?.()
    // Nobody reads what may still come: the body of a redirect, or bytes after the end of what was compressed.
    this.#controller?.abort(error ?? new Error('done'))
  }

  bytes(chunk: Uint8Array): Promise<void> | undefined {
    return this.#context.runInAsyncScope(this.#handler.bytes, this.#handler, chunk)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.isOver) controller.abort(new Error(nobodyWaits))
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: GivenHeaders,
    statusText = '',
  ): void {
    // Informational responses come before the one that counts.
    if (this.isOver || status < 200) return
    const response = new Head(this.#url, status, statusText, headers)
    if (isRedirect(status)) {
      this.#resolve({ redirect: response })
      this.finish()
      return
    }
    const isEmpty = this.#isHead || status === 204 || status === 304
    const codings = isEmpty ? [] : readCodings(readHeader(headers, 'content-encoding'))
    this.#sink = new Sink(codings, this, this.#isForeign && !isKeptAlive(headers) ? unpausable : controller)
    // They are views of the first packet, which would stay in memory as long as the stream.
    controller.rawHeaders = null
    const end = new Promise<void>((resolve, reject) => {
      this.#resolveEnd = resolve
      this.#reject = reject
    })
    end.catch(() => {})
    this.#resolve({ end })
    this.#context.runInAsyncScope(this.#handler.response, this.#handler, response)
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    // An empty one is the first that comes after a pause.
    if (chunk.length && !this.isOver) this.#sink?.write(chunk)
  }

  onResponseEnd(): void {
    this.#sink?.end()
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.finish(error)
  }
}
