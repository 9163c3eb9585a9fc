import type { ConnectionOptions } from 'node:tls'
import type { PendingRequest, RequestDispatcher, RequestOptions, ResponseHandler } from './connection.ts'
import { type ConnectOptions, connect, type Endpoint, endpointOf, servernameOf } from './connector.ts'
import { defaultPingInterval } from './http2-connection.ts'
import { OriginConnections, type OriginOptions } from './origin-connections.ts'
import { findProxy, type ProxySettings } from './proxy-environment.ts'
import { ForwardHandler } from './proxy-handlers.ts'
import { traceRequest } from './request-diagnostics.ts'
import { SocksProxies } from './socks-proxies.ts'
import { connectThrough, proxyError, proxyProtocols } from './tunnel.ts'

export interface ConnectionsOptions {
  /** Whether the connections do not keep the process alive. */
  readonly unref?: boolean
  /**
   * The proxy for all connections.
   * @default the proxies that environment variables name
   */
  readonly proxy?: ProxySettings | undefined
  /** Additional options for TLS connections. */
  readonly tls?: ConnectionOptions
  /**
   * The maximum time to establish a connection, in ms.
   * @default 10_000
   */
  readonly connectTimeout?: number
  /**
   * The time between two checks of an HTTP/2 connection, in ms; a dead connection is detected after two or three of them.
   * @default 15_000 ({@link defaultPingInterval})
   */
  readonly pingInterval?: number
}

/** The maximum number of endpoints whose TLS sessions are kept, as in an Agent of node:https. */
const maxEndpoints = 100

/** The connections to all origins, established when needed, directly or through the proxies of the environment. */
export class Connections implements RequestDispatcher {
  readonly pausesSafely = true
  readonly #unref: boolean
  readonly #proxy: ProxySettings | undefined
  readonly #tls: ConnectionOptions
  readonly #connectTimeout: number
  readonly #pingInterval: number
  /** The connections to each origin, by origin, Host header and proxy. An entry is removed with its last connection. */
  readonly #origins = new Map<string, OriginConnections>()
  /** The TLS endpoints that were used last, which keep their TLS sessions, by the key of their connections. */
  readonly #endpoints = new Map<string, Endpoint>()
  readonly #socksProxies: SocksProxies
  /** The origin of the last request. */
  #lastOrigin: { readonly text: string; readonly url: URL } | undefined

  constructor(options: ConnectionsOptions = {}) {
    const { unref = false, proxy, tls = {}, connectTimeout = 10_000, pingInterval = defaultPingInterval } = options
    this.#unref = unref
    this.#proxy = proxy
    this.#tls = tls
    this.#socksProxies = new SocksProxies(tls)
    this.#connectTimeout = connectTimeout
    this.#pingInterval = pingInterval
  }

  /** The number of origins with connections, open or being established. */
  get size(): number {
    return this.#origins.size
  }

  /**
   * Sends a request as soon as there is a connection.
   * @throws ProxyVariableError if the environment names a proxy that cannot be used
   */
  dispatch(options: RequestOptions, handler: ResponseHandler): boolean {
    const target = this.#parseOrigin(`${options.origin}`)
    const proxy = this.#proxy ?? findProxy(target)
    if (proxy && /^socks/.test(proxy.url.protocol)) {
      this.#socksProxies.dispatch(proxy, options, handler)
      return true
    }
    const request: PendingRequest = { options, handler: traceRequest(options, handler), isRepeated: false }
    if (!proxy) this.#dispatchDirect(target, request)
    else if (target.protocol === 'http:') this.#dispatchForward(target, proxy, request)
    else this.#dispatchTunnel(target, proxy, request)
    return true
  }

  #dispatchDirect(target: URL, request: PendingRequest): void {
    const host = hostHeader(request.options)
    const key = `${target.origin} ${host ?? ''}`
    this.#connectionsFor(key, target.origin, () => {
      const endpoint = this.#targetEndpoint(key, target, host)
      return (protocols, callback) => connect(endpoint, this.#connectOptions(protocols), callback)
    }).dispatch(request)
  }

  #dispatchTunnel(target: URL, proxy: ProxySettings, request: PendingRequest): void {
    const host = hostHeader(request.options)
    const key = `${target.origin} ${host ?? ''} ${proxy.url.href} ${proxy.authorization}`
    this.#connectionsFor(key, target.origin, () => {
      const toProxy = this.#proxyEndpoint(proxy)
      const endpoint = this.#targetEndpoint(key, target, host)
      return (protocols, callback) =>
        connectThrough(proxy, toProxy, endpoint, this.#connectOptions(protocols), callback)
    }).dispatch(request)
  }

  /**
   * RFC 9112, section 3.2.2: a proxy receives the whole URL. Requests to all origins share the connections to the
   * proxy.
   */
  #dispatchForward(target: URL, proxy: ProxySettings, { options, handler, isRepeated }: PendingRequest): void {
    const { origin } = proxy.url
    const { authorization } = proxy
    const headers = {
      host: target.host,
      ...(options.headers as Record<string, string>),
      ...(authorization && { 'proxy-authorization': authorization }),
    }
    const forwarded = { ...options, origin, path: `${target.origin}${options.path}`, headers }
    this.#connectionsFor(`${proxy.url.href} ${authorization}`, origin, () => {
      const endpoint = this.#proxyEndpoint(proxy)
      return (_, callback) =>
        connect(endpoint, this.#connectOptions(proxyProtocols), (error, socket) =>
          callback(error && proxyError(proxy, error), socket),
        )
    }).dispatch({ options: forwarded, handler: new ForwardHandler(proxy, handler), isRepeated })
  }

  /** Closes all connections, even those being established. The requests in progress fail. */
  destroy(): void {
    for (const connections of this.#origins.values()) connections.destroy()
    this.#socksProxies.destroy()
  }

  /** Parses an origin, unless it is that of the last request: after an outage, thousands of requests begin at once. */
  #parseOrigin(origin: string): URL {
    if (this.#lastOrigin?.text !== origin) this.#lastOrigin = { text: origin, url: new URL(origin) }
    return this.#lastOrigin.url
  }

  #connectOptions(protocols: string[]): ConnectOptions {
    return { unref: this.#unref, timeout: this.#connectTimeout, protocols }
  }

  #proxyEndpoint({ url }: ProxySettings): Endpoint {
    const endpoint = endpointOf(url.origin)
    if (url.protocol === 'http:') return endpoint
    return { ...endpoint, tls: { ...this.#tls, servername: servernameOf(url.host) } }
  }

  #targetEndpoint(key: string, target: URL, host: string | undefined): Endpoint {
    const known = this.#endpoints.get(key)
    if (known) return known
    const endpoint = endpointOf(target.origin)
    if (target.protocol === 'http:') return endpoint
    const withTls = { ...endpoint, tls: { ...this.#tls, servername: servernameOf(host ?? target.host) } }
    this.#endpoints.set(key, withTls)
    const [oldest = ''] = this.#endpoints.keys()
    if (this.#endpoints.size > maxEndpoints) this.#endpoints.delete(oldest)
    return withTls
  }

  #connectionsFor(
    key: string,
    origin: string,
    /** Creates the function that opens a connection, once for all connections: they share the TLS session. */
    createConnect: () => OriginOptions['connect'],
  ): OriginConnections {
    let connections = this.#origins.get(key)
    if (!connections) {
      connections = new OriginConnections({
        origin,
        unref: this.#unref,
        pingInterval: this.#pingInterval,
        connect: createConnect(),
        emptied: () => this.#origins.delete(key),
      })
      this.#origins.set(key, connections)
    }
    return connections
  }
}

/** The Host header of a request. All requests over a connection have the same one. */
function hostHeader({ headers }: RequestOptions): string | undefined {
  return (headers as Record<string, string> | undefined)?.['host']
}
