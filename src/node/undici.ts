import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import type { Dispatcher } from 'undici'
import { isHeader } from '#platform'
import type { BodyInit } from '../options/event-source-init.ts'
import type { Settings } from '../options/settings.ts'
import { type OptionRule, throwInvalid } from '../options/validation.ts'
import { isOneShot } from '../request-body.ts'
import { createFetchTransport } from '../transport/fetch.ts'
import {
  decodeByteString,
  followRedirect,
  isRedirect,
  maxRedirects,
  type RedirectableRequest,
} from '../transport/redirect.ts'
import type {
  Signal,
  Transport,
  TransportHandler,
  TransportRequest,
  TransportResponse,
} from '../transport/transport.ts'
import { commonAgent } from './agent.ts'
import type { DispatchOptions, Interest } from './connections.ts'
import { acceptedCodings, readCodings } from './content-coding.ts'
import { mendPausedEnds } from './paused-end.ts'
import { Sink } from './sink.ts'

/** A request as a dispatcher sends it: a stream can be sent once only. */
interface DispatchableRequest extends RedirectableRequest {
  body: Buffer | Readable | null
}

/** "Extract a body" of the Fetch standard, with the Content-Type that goes with it. */
async function extractBody(request: DispatchableRequest, body: BodyInit): Promise<void> {
  const extracted = new Response(body)
  const type = extracted.headers.get('content-type')
  if (type && !request.headers.has('content-type')) {
    request.headers = new Headers(request.headers)
    request.headers.set('content-type', type)
  }
  if (isOneShot(body) && extracted.body) request.body = Readable.fromWeb(extracted.body as ReadableStream)
  else request.body = Buffer.from(await extracted.arrayBuffer())
}

/** What fetch sends along, too, for a request whose cache mode is "no-store". */
const defaultHeaders = {
  'accept-encoding': acceptedCodings,
  'user-agent': 'everysource',
  pragma: 'no-cache',
  'cache-control': 'no-cache',
}

/**
 * Names of headers that belong to the connection, not to the request. undici refuses some; over HTTP/2, others make it
 * throw where nobody can catch, or leave all further requests of the connection hanging.
 */
const connectionHeaders = [
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
]

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

const nobodyWaits = 'nobody waits any more'

/** What comes of a request: a redirect, or a body that has an end. */
type Reply = { readonly redirect: TransportResponse } | { readonly end: Promise<void> }

/**
 * One request, sent. It lasts as long as the stream, so that it keeps nothing of the request but what it needs, and has
 * its functions in common with all others.
 */
class Exchange implements Dispatcher.DispatchHandler, Interest {
  /** Rejected when the connection is lost, or nobody is interested any more, before there is a response. */
  readonly reply: Promise<Reply>
  isOver = false
  onOver?: () => void
  readonly #url: string
  readonly #isHead: boolean
  readonly #handler: TransportHandler
  #controller: Dispatcher.DispatchController | undefined
  #sink: Sink | undefined
  #resolve!: (reply: Reply) => void
  #resolveEnd: (() => void) | undefined
  #reject!: (error: Error) => void

  constructor({ url, method }: DispatchableRequest, signal: Signal, handler: TransportHandler) {
    this.#url = url.href
    this.#isHead = method === 'HEAD'
    this.#handler = handler
    signal.onabort = () => this.abort()
    this.reply = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  abort(): void {
    this.finish(new Error(nobodyWaits))
    this.onOver?.()
  }

  /** All was handed on, or nothing more will be. */
  finish(error?: Error): void {
    if (this.isOver) return
    this.isOver = true
    this.#sink?.destroy()
    if (error) this.#reject(error)
    else this.#resolveEnd?.()
    // Nobody reads what may still come: the body of a redirect, or bytes after the end of what was compressed.
    this.#controller?.abort(error ?? new Error('done'))
  }

  bytes(chunk: Uint8Array): Promise<void> | undefined {
    return this.#handler.bytes(chunk)
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
    this.#sink = new Sink(codings, this, controller)
    // They are views of the first packet, which would stay in memory as long as the stream.
    controller.rawHeaders = null
    const end = new Promise<void>((resolve, reject) => {
      this.#resolveEnd = resolve
      this.#reject = reject
    })
    this.#resolve({ end })
    this.#handler.response(response)
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

function dispatch(
  dispatcher: Dispatcher,
  { url, method, headers, body }: DispatchableRequest,
  exchange: Exchange,
): void {
  const options: DispatchOptions = {
    origin: url.origin,
    path: url.pathname + url.search,
    method: method as Dispatcher.HttpMethod,
    headers: { ...defaultHeaders, ...Object.fromEntries(headers) },
    body,
    // Otherwise undici has it wait until no other stream is open on a connection that HTTP/2 shares.
    idempotent: true,
    interest: exchange,
  }
  dispatcher.dispatch(options, exchange)
}

/**
 * Dispatchers before undici 7 know handlers of another kind, and most say so before they look at anything else: this
 * asks for no request. Others, such as those for proxies, have a property that is gone since.
 */
function takesOurHandlers(dispatcher: Dispatcher): boolean {
  let wasCalled = false
  const onResponseError = (): void => {
    wasCalled = true
  }
  try {
    dispatcher.dispatch(undefined as never, { onRequestStart() {}, onResponseError })
  } catch (error) {
    if (/invalid on\w+ method/.test(`${error}`)) return false
  }
  return wasCalled || !('interceptors' in dispatcher)
}

const rules = {
  dispatcher: {
    isValid: (value) => typeof (value as Dispatcher)?.dispatch === 'function' && takesOurHandlers(value as Dispatcher),
    expected: 'a Dispatcher of undici 7 or newer',
  },
} satisfies Record<string, OptionRule>

/** Sends a request and, where it is redirected, those that follow; changes it from one to the next. */
async function send(
  request: DispatchableRequest,
  signal: Signal,
  redirect: TransportRequest['redirect'],
  findDispatcher: (request: DispatchableRequest) => Dispatcher,
  handler: TransportHandler,
): Promise<void> {
  for (let redirects = 0; ; redirects++) {
    if (signal.aborted) throw new Error(nobodyWaits)
    const exchange = new Exchange(request, signal, handler)
    dispatch(findDispatcher(request), request, exchange)
    const reply = await exchange.reply
    // Not awaited, so that the request, with all that it is made of, is not kept in memory as long as the stream.
    if ('end' in reply) return reply.end
    const { status, headers } = reply.redirect
    const location = headers.get('location')
    request.headers = new Headers(request.headers)
    const canFollow = redirect === 'follow' && redirects < maxRedirects
    if (!canFollow || !followRedirect(request, status, location && decodeByteString(location))) {
      return handler.refuse('redirect', 'redirect not followed', reply.redirect)
    }
    // "…request's body is non-null, and request's body's source is null, then return a network error."
    if (isOneShot(request.body))
      throw new TypeError(`status ${status} asks for a body again that can be sent once only`)
  }
}

/**
 * A Transport straight over an undici Dispatcher: no web streams in between, and no limit on silence.
 * @throws TypeError if `dispatcher` is not a Dispatcher that can be used
 */
export function createUndiciTransport(settings: Settings): Transport {
  const dispatcher = settings.dispatcher as Dispatcher | undefined
  if (dispatcher && !rules.dispatcher.isValid(dispatcher))
    throwInvalid('dispatcher', dispatcher, rules.dispatcher.expected)
  mendPausedEnds()

  const findDispatcher = ({ headers, body }: DispatchableRequest): Dispatcher => {
    const kind = isOneShot(body) ? 'exclusive' : 'shared'
    return dispatcher ?? commonAgent(settings.unref ? 'unref' : kind, headers.get('host'))
  }

  // Not an async function: its promise would follow that of the function which sends, in memory as long as the stream.
  return (request, handler) => {
    const { method, headers, body, signal, redirect } = request
    if (!/^https?:/.test(request.url)) return createFetchTransport(undefined)(request, handler)
    const forbidden = connectionHeaders.find((name) => headers.has(name))
    if (forbidden) {
      handler.refuse('unsupported', `header "${forbidden}" belongs to the connection, not to a request`)
      return Promise.resolve()
    }
    const url = new URL(request.url)
    if (url.hash) url.hash = ''
    const sent: DispatchableRequest = { url, method, headers, body: null }
    if (body == null) return send(sent, signal, redirect, findDispatcher, handler)
    return extractBody(sent, body).then(() => send(sent, signal, redirect, findDispatcher, handler))
  }
}
