import type { AsyncResource } from 'node:async_hooks'
import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import type { Dispatcher } from 'undici'
import type { BodyInit } from '../options/event-source-init.ts'
import { isOneShot } from '../request-body.ts'
import { createFetchTransport, sendUnchanged } from '../transport/fetch.ts'
import { decodeByteString, followRedirect, maxRedirects, type RedirectableRequest } from '../transport/redirect.ts'
import type { Signal, Transport, TransportHandler, TransportRequest } from '../transport/transport.ts'
import type { RequestDispatcher, RequestOptions } from './connection.ts'
import { Connections } from './connections.ts'
import { acceptedCodings } from './content-coding.ts'
import { abortedMessage, Exchange, type Reply } from './exchange.ts'
import { HeaderError } from './header-fields.ts'
import { ProxyVariableError } from './proxy-environment.ts'
import { ProxyRefusalError } from './tunnel.ts'

/** A request as a dispatcher takes it. A body that is a stream can be sent only once. */
interface DispatchableRequest extends RedirectableRequest {
  body: Buffer | Readable | null
}

/** "Extract a body" of the Fetch standard, with the Content-Type that goes with it. */
async function extractBody(request: DispatchableRequest, body: BodyInit): Promise<void> {
  // A Node stream is sent unchanged: converted to a web stream, it would lose the cause of a failure.
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

/** The headers that `fetch` adds to a request with the cache mode "no-store". */
const defaultHeaders = {
  'accept-encoding': acceptedCodings,
  'user-agent': 'everysource',
  pragma: 'no-cache',
  'cache-control': 'no-cache',
}

/** The names of headers that belong to the connection, not to the request. undici and HTTP/2 refuse some of them. */
const connectionHeaders = [
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]

/** The connections of all requests without a dispatcher, created for the first of them. */
let defaultConnections: Connections | undefined
/** The same connections for requests with `unref`, which do not keep the process alive. */
let unrefConnections: Connections | undefined

function sharedConnections(unref: boolean): Connections {
  if (unref) {
    unrefConnections ??= new Connections({ unref })
    return unrefConnections
  }
  defaultConnections ??= new Connections()
  return defaultConnections
}

/** The message of an error that further attempts would meet again; undefined for any other error. */
function describePermanentFailure(error: unknown): string | undefined {
  if (error instanceof ProxyVariableError || error instanceof HeaderError) return error.message
  // Node's permission model does not allow the network.
  if ((error as NodeJS.ErrnoException).code === 'ERR_ACCESS_DENIED') return (error as Error).message
  if (error instanceof ProxyRefusalError && error.isFinal) return error.message
  // The message of the error that a dispatcher of an older undici throws.
  return /invalid on\w+ method/.test(`${error}`) ? 'dispatcher is not a Dispatcher of undici 7 or newer' : undefined
}

/** Sends the requests of a stream or source, and calls back in the async context of its caller. */
class NodeTransport {
  readonly #context: AsyncResource
  readonly #dispatcher: RequestDispatcher

  constructor(context: AsyncResource, dispatcher: RequestDispatcher) {
    this.#context = context
    this.#dispatcher = dispatcher
  }

  /** Sends a request and follows its redirects. `request` is changed at each redirect. */
  async send(
    request: DispatchableRequest,
    signal: Signal,
    redirect: TransportRequest['redirect'],
    handler: TransportHandler,
  ): Promise<void> {
    for (let redirects = 0; ; redirects++) {
      if (signal.aborted) throw new Error(abortedMessage)
      const exchange = new Exchange({
        url: request.url.href,
        isHead: request.method === 'HEAD',
        signal,
        handler,
        context: this.#context,
        isCustomDispatcher: !this.#dispatcher.pausesSafely,
      })
      if (request.body instanceof Readable) exchange.watch(request.body)
      this.#dispatch(request, exchange)
      let reply: Reply
      try {
        reply = await exchange.reply
      } catch (error) {
        const message = describePermanentFailure(error)
        if (message === undefined) throw error
        handler.refuse('unsupported', message)
        return
      }
      // Not awaited, so that the request does not stay in memory as long as the stream.
      if ('end' in reply) return reply.end
      const { status, headers } = reply.redirect
      const location = headers.get('location')
      request.headers = new Headers(request.headers)
      const canFollow = redirect === 'follow' && redirects < maxRedirects
      if (!canFollow || !followRedirect(request, status, location && decodeByteString(location))) {
        return handler.refuse('redirect', 'redirect not followed', reply.redirect)
      }
      // "…request's body is non-null, and request's body's source is null, then return a network error."
      if (isOneShot(request.body)) {
        return handler.refuse(
          'body-used',
          `status ${status} asks for the body again, which is a stream: pass a function`,
        )
      }
    }
  }

  #dispatch({ url, method, headers, body }: DispatchableRequest, exchange: Exchange): void {
    const fields: Record<string, string> = { ...defaultHeaders }
    headers.forEach((value, name) => {
      fields[name] = value
    })
    const options: RequestOptions = {
      origin: url.origin,
      path: url.pathname + url.search,
      method: method as Dispatcher.HttpMethod,
      headers: fields,
      body,
      // Otherwise undici delays the request until no other stream is open on a shared HTTP/2 connection.
      idempotent: true,
    }
    try {
      this.#dispatcher.dispatch(options, exchange)
    } catch (error) {
      exchange.finish(error as Error)
    }
  }
}

export interface NodeTransportOptions {
  /** The caller's dispatcher; without one, requests are sent over the connections that all sources share. */
  readonly dispatcher?: RequestDispatcher | null | undefined
  /** Whether the connections do not keep the process alive. */
  readonly unref?: boolean
  /** The async context of the code that created the source. */
  readonly context: AsyncResource
}

/**
 * A Transport over {@link Connections}, or over the caller's undici Dispatcher. There are no web streams in between, and
 * silence has no limit.
 */
export function createNodeTransport({ dispatcher, unref = false, context }: NodeTransportOptions): Transport {
  const transport = new NodeTransport(context, dispatcher ?? sharedConnections(unref))

  // Not an async function: its promise would stay in memory as long as the stream.
  return (request, handler) => {
    const { method, headers, body, signal, redirect } = request
    if (!/^https?:/.test(request.url)) return createFetchTransport(undefined, sendUnchanged)(request, handler)
    const forbidden = connectionHeaders.find((name) => headers.has(name))
    if (forbidden) {
      handler.refuse('unsupported', `header "${forbidden}" belongs to the connection, not to a request`)
      return Promise.resolve()
    }
    if (/\D/.test(headers.get('content-length') ?? '')) {
      handler.refuse('unsupported', 'invalid content-length header: it must be a number of bytes')
      return Promise.resolve()
    }
    const url = new URL(request.url)
    if (url.hash) url.hash = ''
    const sent: DispatchableRequest = { url, method, headers, body: null }
    if (body == null) return transport.send(sent, signal, redirect, handler)
    return extractBody(sent, body).then(() => transport.send(sent, signal, redirect, handler))
  }
}
