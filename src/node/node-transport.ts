import { AsyncResource } from 'node:async_hooks'
import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import type { Dispatcher } from 'undici'
import type { BodyInit } from '../options/event-source-init.ts'
import type { Settings } from '../options/settings.ts'
import { throwInvalid } from '../options/validation.ts'
import { isOneShot } from '../request-body.ts'
import { createFetchTransport } from '../transport/fetch.ts'
import { decodeByteString, followRedirect, maxRedirects, type RedirectableRequest } from '../transport/redirect.ts'
import type { Signal, Transport, TransportHandler, TransportRequest } from '../transport/transport.ts'
import type { Dispatching, RequestOptions } from './connection.ts'
import { Connections } from './connections.ts'
import { acceptedCodings } from './content-coding.ts'
import { Exchange, nobodyWaits, type Reply } from './exchange.ts'
import { ProxyVariableError } from './proxy-environment.ts'
import { ProxyRefusalError } from './tunnel.ts'

/** A request as a dispatcher sends it: a stream can be sent once only. */
interface DispatchableRequest extends RedirectableRequest {
  body: Buffer | Readable | null
}

/** "Extract a body" of the Fetch standard, with the Content-Type that goes with it. */
async function extractBody(request: DispatchableRequest, body: BodyInit): Promise<void> {
  // Node's own streams are sent as they are: by way of a web stream, a failure would lose its cause.
  if (body instanceof Readable) {
    request.body = body
    return
  }
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

/** Names of headers that belong to the connection, not to the request. undici and HTTP/2 refuse some. */
const connectionHeaders = [
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
]

/** The connections that all requests have in common, made when they are first used. */
let common: Connections | undefined
/** The same for those that do not keep the process alive. */
let commonUnref: Connections | undefined

function commonConnections(unref: boolean): Connections {
  if (unref) {
    commonUnref ??= new Connections({ unref })
    return commonUnref
  }
  common ??= new Connections()
  return common
}

/**
 * Whether a dispatcher is one of undici 7 or newer. Older ones know handlers of another kind; most of them have a property
 * that is gone since, and the others say so when they are first used.
 */
function takesOurHandlers(dispatcher: unknown): boolean {
  return (
    typeof (dispatcher as Dispatcher | null)?.dispatch === 'function' && !('interceptors' in (dispatcher as Dispatcher))
  )
}

/** What is wrong, if no further attempt would do away with it. */
function futility(error: unknown): string | undefined {
  if (error instanceof ProxyVariableError) return error.message
  if (error instanceof ProxyRefusalError && error.isFinal) return error.message
  // What a dispatcher of an older undici throws.
  return /invalid on\w+ method/.test(`${error}`) ? 'dispatcher is not a Dispatcher of undici 7 or newer' : undefined
}

/** Sends the requests of a stream, or of a source, in its caller's context. */
class NodeTransport {
  /** The context of whoever made the source: it is made at once. */
  readonly #context = new AsyncResource('EventSource', { requireManualDestroy: true })
  readonly #dispatching: Dispatching

  constructor(dispatching: Dispatching) {
    this.#dispatching = dispatching
  }

  readonly runInContext = (callback: () => void): void => {
    this.#context.runInAsyncScope(callback)
  }

  /** Sends a request and, where it is redirected, those that follow; changes it from one to the next. */
  async send(
    request: DispatchableRequest,
    signal: Signal,
    redirect: TransportRequest['redirect'],
    handler: TransportHandler,
  ): Promise<void> {
    for (let redirects = 0; ; redirects++) {
      if (signal.aborted) throw new Error(nobodyWaits)
      const exchange = new Exchange({
        url: request.url.href,
        isHead: request.method === 'HEAD',
        signal,
        handler,
        context: this.#context,
        isForeign: !this.#dispatching.pausesSafely,
      })
      if (request.body instanceof Readable) exchange.watch(request.body)
      this.#dispatch(request, exchange)
      let reply: Reply
      try {
        reply = await exchange.reply
      } catch (error) {
        const message = futility(error)
        if (message === undefined) throw error
        handler.refuse('unsupported', message)
        return
      }
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

  #dispatch({ url, method, headers, body }: DispatchableRequest, exchange: Exchange): void {
    const options: RequestOptions = {
      origin: url.origin,
      path: url.pathname + url.search,
      method: method as Dispatcher.HttpMethod,
      headers: { ...defaultHeaders, ...Object.fromEntries(headers) },
      body,
      // Otherwise undici has it wait until no other stream is open on a connection that HTTP/2 shares.
      idempotent: true,
    }
    try {
      this.#dispatching.dispatch(options, exchange)
    } catch (error) {
      exchange.finish(error as Error)
    }
  }
}

/**
 * A Transport over connections of our own, or over an undici Dispatcher of the caller's: no web streams in between, and no
 * limit on silence.
 * @throws TypeError if `dispatcher` is not a Dispatcher that can be used
 */
export function createNodeTransport(settings: Settings): Transport {
  const dispatcher = settings.dispatcher as Dispatching | null | undefined
  if (dispatcher != null && !takesOurHandlers(dispatcher)) {
    throwInvalid('dispatcher', dispatcher, 'a Dispatcher of undici 7 or newer')
  }
  const transport = new NodeTransport(dispatcher ?? commonConnections(settings.unref))

  // Not an async function: its promise would follow that of the function which sends, in memory as long as the stream.
  const sendRequest: Transport = (request, handler) => {
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
    if (body == null) return transport.send(sent, signal, redirect, handler)
    return extractBody(sent, body).then(() => transport.send(sent, signal, redirect, handler))
  }
  sendRequest.runInContext = transport.runInContext
  return sendRequest
}
