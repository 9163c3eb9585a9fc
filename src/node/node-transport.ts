import type { AsyncResource } from 'node:async_hooks'
import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import type { Dispatcher } from 'undici'
import { createHeaders } from '#platform'
import { nextMicrotask } from '../microtask.ts'
import type { BodyInit } from '../options/event-source-init.ts'
import type { RequestHeaders } from '../platform/platform.ts'
import { isOneShot } from '../request-body.ts'
import { createFetchTransport, sendUnchanged } from '../transport/fetch.ts'
import { decodeByteString, followRedirect, maxRedirects, type RedirectableRequest } from '../transport/redirect.ts'
import type { Transport, TransportHandler, TransportRequest, TransportResponse } from '../transport/transport.ts'
import type { RequestDispatcher, RequestOptions } from './connection.ts'
import { Connections } from './connections.ts'
import { acceptedCodings } from './content-coding.ts'
import { abortedMessage, Exchange } from './exchange.ts'
import { HeaderError } from './header-fields.ts'

/** A request as a dispatcher takes it. A body that is a stream can be sent only once. */
interface DispatchableRequest extends Omit<RedirectableRequest, 'url'> {
  /** The URL without its fragment. */
  url: string
  body: Buffer | Readable | null
}

function withoutFragment(url: string): string {
  return url.replace(/#.*/, '')
}

/**
 * The origin of a serialized URL, and its path with the query. This does not use `URL`: thousands of streams begin at once
 * after an outage.
 */
function splitUrl(url: string): [origin: string, path: string] {
  const [, origin = '', path] = /^(\w+:\/\/[^/?]+)(.*)/.exec(url) ?? []
  return [origin, path || '/']
}

/** Adds the Content-Type of a body, unless the caller has given one. */
function addContentType(request: DispatchableRequest, type: string | null): void {
  if (!type || request.headers.has('content-type')) return
  request.headers = createHeaders(request.headers)
  request.headers.set('content-type', type)
}

/** "Extract a body" of the Fetch standard, with the Content-Type that goes with it. */
async function extractBody(request: DispatchableRequest, body: BodyInit): Promise<void> {
  // The most frequent body. The first use of Node's own `Response` loads all of `fetch`.
  if (typeof body === 'string') {
    addContentType(request, 'text/plain;charset=UTF-8')
    request.body = Buffer.from(body)
    return
  }
  // A Node stream is sent unchanged: converted to a web stream, it would lose the cause of a failure.
  if (body instanceof Readable) {
    request.body = body
    return
  }
  const extracted = new Response(body)
  addContentType(request, extracted.headers.get('content-type'))
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
const connectionHeaders = new Set([
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

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

/**
 * The headers of a request, by their names in lower case, with those that `fetch` would add.
 * @throws HeaderError for a header that only the connection can send
 */
function createFields(headers: RequestHeaders): Record<string, string> {
  const fields: Record<string, string> = { ...defaultHeaders }
  headers.forEach((value, name) => {
    if (connectionHeaders.has(name)) {
      throw new HeaderError(`header "${name}" belongs to the connection, not to a request`)
    }
    if (name === 'content-length' && /\D/.test(value)) {
      throw new HeaderError('invalid content-length header: it must be a number of bytes')
    }
    fields[name] = value
  })
  return fields
}

/** Changes a request into the one that a redirect asks for. The result is false if the redirect was refused. */
function follow(request: DispatchableRequest, response: TransportResponse, handler: TransportHandler): boolean {
  const { status } = response
  const location = response.header('location')
  const { method, body } = request
  const next = { url: new URL(response.url), method, headers: createHeaders(request.headers), body }
  if (!followRedirect(next, status, location && decodeByteString(location))) {
    handler.refuse('redirect', 'redirect not followed', response)
    return false
  }
  // "…request's body is non-null, and request's body's source is null, then return a network error."
  if (isOneShot(next.body)) {
    handler.refuse('body-used', `status ${status} asks for the body again, which is a stream: pass a function`)
    return false
  }
  Object.assign(request, next, { url: withoutFragment(next.url.href) })
  return true
}

/** Sends the requests of a stream or source, and calls back in the async context of its caller. */
class NodeTransport implements Pick<Transport, 'send'> {
  readonly #context: AsyncResource
  readonly #dispatcher: RequestDispatcher

  constructor(context: AsyncResource, dispatcher: RequestDispatcher) {
    this.#context = context
    this.#dispatcher = dispatcher
  }

  send(request: TransportRequest, handler: TransportHandler): void {
    const { url, method, headers, body } = request
    if (!/^https?:/.test(url)) {
      createFetchTransport(undefined, sendUnchanged).send(request, handler)
      return
    }
    const sent: DispatchableRequest = { url: withoutFragment(url), method, headers, body: null }
    if (body == null) this.#exchange(sent, request, handler)
    else {
      extractBody(sent, body)
        .then(() => this.#exchange(sent, request, handler))
        .catch((error) => handler.fail(error))
    }
  }

  /** Sends a request and follows its redirects. `request` is changed at each redirect. */
  #exchange(
    request: DispatchableRequest,
    { signal, redirect }: Pick<TransportRequest, 'signal' | 'redirect'>,
    handler: TransportHandler,
  ): void {
    let redirects = 0
    const send = (): void => {
      if (signal.aborted) {
        handler.fail(new Error(abortedMessage))
        return
      }
      const exchange = new Exchange({
        url: request.url,
        isHead: request.method === 'HEAD',
        signal,
        handler,
        context: this.#context,
        isCustomDispatcher: !this.#dispatcher.pausesSafely,
        redirected: (response) => {
          const canFollow = redirect === 'follow' && redirects++ < maxRedirects
          if (!canFollow) handler.refuse('redirect', 'redirect not followed', response)
          if (canFollow && follow(request, response, handler)) void nextMicrotask().then(send)
        },
      })
      if (request.body instanceof Readable) exchange.watch(request.body)
      this.#dispatch(request, exchange)
    }
    send()
  }

  #dispatch({ url, method, headers, body }: DispatchableRequest, exchange: Exchange): void {
    try {
      const [origin, path] = splitUrl(url)
      const options: RequestOptions = {
        origin,
        path,
        method: method as Dispatcher.HttpMethod,
        headers: createFields(headers),
        body,
        // Otherwise undici delays the request until no other stream is open on a shared HTTP/2 connection.
        idempotent: true,
      }
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
 * Creates a Transport over {@link Connections}, or over the caller's undici Dispatcher. There are no web streams in
 * between, and silence has no limit.
 */
export function createNodeTransport({
  dispatcher,
  unref = false,
  context,
}: NodeTransportOptions): Pick<Transport, 'send'> {
  return new NodeTransport(context, dispatcher ?? sharedConnections(unref))
}
