import type { ConnectionOptions } from 'node:tls'
import type { Dispatcher } from 'undici'
import type { Dispatching, PendingRequest, RequestOptions, ResponseHandler } from './connection.ts'
import { type ConnectCallback, type Connecting, connect, type Endpoint, endpointOf, servernameOf } from './connector.ts'
import { DelegatingHandler } from './delegating-handler.ts'
import { defaultPingInterval } from './http2-connection.ts'
import { OriginConnections } from './origin-connections.ts'
import { findProxy, type ProxySettings } from './proxy-environment.ts'
import { connectThrough, ProxyRefusalError, proxyError } from './tunnel.ts'

export interface ConnectionsOptions {
  /** Whether the connections do not keep the process alive. */
  readonly unref?: boolean
  /** The proxy for all that is connected to (those that the environment names). */
  readonly proxy?: ProxySettings | undefined
  /** What else TLS connections are made with. */
  readonly tls?: ConnectionOptions
  /** How long a connection may take to be made, in ms (10,000). */
  readonly connectTimeout?: number
  /**
   * The time between two checks of an HTTP/2 connection, in ms; a dead connection is detected after two or three of them.
   * @default 15_000 ({@link defaultPingInterval})
   */
  readonly pingInterval?: number
}

/** The connections to all origins, made as they are needed, by way of the proxies that the environment names. */
export class Connections implements Dispatching {
  readonly pausesSafely = true
  readonly #unref: boolean
  readonly #proxy: ProxySettings | undefined
  readonly #tls: ConnectionOptions
  readonly #connectTimeout: number
  readonly #pingInterval: number
  /** By what they are for: those of an origin are forgotten when the last of them is closed. */
  readonly #origins = new Map<string, OriginConnections>()
  /** undici's agents for SOCKS proxies, by the proxy. */
  readonly #socksAgents = new Map<string, Promise<Dispatcher>>()

  constructor(options: ConnectionsOptions = {}) {
    const { unref = false, proxy, tls = {}, connectTimeout = 10_000, pingInterval = defaultPingInterval } = options
    this.#unref = unref
    this.#proxy = proxy
    this.#tls = tls
    this.#connectTimeout = connectTimeout
    this.#pingInterval = pingInterval
  }

  /** How many origins there are connections to, or are about to be. */
  get size(): number {
    return this.#origins.size
  }

  /**
   * Sends a request as soon as there is a connection.
   * @throws ProxyVariableError if the environment names a proxy that cannot be used
   */
  dispatch(options: RequestOptions, handler: ResponseHandler): boolean {
    const target = new URL(`${options.origin}`)
    const proxy = this.#proxy ?? findProxy(target)
    const request: PendingRequest = { options, handler, isRepeated: false }
    if (!proxy) this.#dispatchDirect(target, request)
    else if (/^socks/.test(proxy.url.protocol)) this.#dispatchOverSocks(proxy, request)
    else if (target.protocol === 'http:') this.#dispatchForward(target, proxy, request)
    else this.#dispatchTunnel(target, proxy, request)
    return true
  }

  #dispatchDirect(target: URL, request: PendingRequest): void {
    const host = hostHeader(request.options)
    this.#find(`${target.origin} ${host ?? ''}`, target.origin, (protocols, callback) =>
      connect(this.#secure(target, host, protocols), this.#connectOptions, callback),
    ).dispatch(request)
  }

  #dispatchTunnel(target: URL, proxy: ProxySettings, request: PendingRequest): void {
    const host = hostHeader(request.options)
    const key = `${target.origin} ${host ?? ''} ${proxy.url.href} ${proxy.authorization}`
    this.#find(key, target.origin, (protocols, callback) =>
      connectThrough(
        proxy,
        this.#toProxy(proxy),
        this.#secure(target, host, protocols),
        this.#connectOptions,
        callback,
      ),
    ).dispatch(request)
  }

  /** RFC 9112, section 3.2.2: a proxy is asked for the whole URL. Whatever the origin, the connections are the proxy's. */
  #dispatchForward(target: URL, proxy: ProxySettings, { options, handler, isRepeated }: PendingRequest): void {
    const { origin } = proxy.url
    const { authorization } = proxy
    const headers = {
      host: target.host,
      ...(options.headers as Record<string, string>),
      ...(authorization && { 'proxy-authorization': authorization }),
    }
    const forwarded = { ...options, origin, path: `${target.origin}${options.path}`, headers }
    this.#find(`${proxy.url.href} ${authorization}`, origin, (_, callback) =>
      connect(this.#toProxy(proxy), this.#connectOptions, (error, socket) =>
        callback(error && proxyError(proxy, error), socket),
      ),
    ).dispatch({ options: forwarded, handler: new ForwardHandler(proxy, handler), isRepeated })
  }

  #dispatchOverSocks(proxy: ProxySettings, { options, handler }: PendingRequest): void {
    const { href } = proxy.url
    const key = `${href} ${proxy.authorization}`
    const agent = this.#socksAgents.get(key) ?? createSocksAgent(proxy, this.#tls)
    this.#socksAgents.set(key, agent)
    agent
      .then((dispatcher) => {
        if (!handler.isOver) dispatcher.dispatch({ ...options, headersTimeout: 0, bodyTimeout: 0 }, handler)
      })
      .catch((error: Error) => handler.onResponseError(undefined as never, proxyError(proxy, error)))
  }

  /** Closes all connections, and gives up those that are being made; requests that were not answered have lost theirs. */
  destroy(): void {
    for (const connections of this.#origins.values()) connections.destroy()
    for (const agent of this.#socksAgents.values()) void agent.then((dispatcher) => dispatcher.destroy())
    this.#socksAgents.clear()
  }

  get #connectOptions() {
    return { unref: this.#unref, timeout: this.#connectTimeout }
  }

  #toProxy({ url }: ProxySettings): Endpoint {
    const endpoint = endpointOf(url)
    if (url.protocol === 'http:') return endpoint
    return { ...endpoint, tls: { ...this.#tls, servername: servernameOf(url.host), ALPNProtocols: ['http/1.1'] } }
  }

  #secure(target: URL, host: string | undefined, protocols: string[]): Endpoint {
    const endpoint = endpointOf(target)
    if (target.protocol === 'http:') return endpoint
    const servername = servernameOf(host ?? target.host)
    return { ...endpoint, tls: { ...this.#tls, servername, ALPNProtocols: protocols } }
  }

  #find(
    key: string,
    origin: string,
    open: (protocols: string[], callback: ConnectCallback) => Connecting,
  ): OriginConnections {
    let connections = this.#origins.get(key)
    if (!connections) {
      connections = new OriginConnections({
        origin,
        unref: this.#unref,
        pingInterval: this.#pingInterval,
        connect: open,
        emptied: () => this.#origins.delete(key),
      })
      this.#origins.set(key, connections)
    }
    return connections
  }
}

/** A connection speaks to one host. */
function hostHeader({ headers }: RequestOptions): string | undefined {
  return (headers as Record<string, string> | undefined)?.['host']
}

async function createSocksAgent(proxy: ProxySettings, tls: ConnectionOptions): Promise<Dispatcher> {
  const { Socks5ProxyAgent } = await import('./undici.ts')
  const url = new URL(proxy.url.href.replace(/^socks5h:/, 'socks5:'))
  // undici's types lack what ProxyAgent gives it, too.
  const options = { username: proxy.username, password: proxy.password, requestTls: tls }
  return new Socks5ProxyAgent(url, options)
}

/** Tells a proxy's own refusal of a request to be forwarded from the server's. */
class ForwardHandler extends DelegatingHandler {
  readonly #proxy: ProxySettings

  constructor(proxy: ProxySettings, handler: ResponseHandler) {
    super(handler)
    this.#proxy = proxy
  }

  override onResponseStart(...response: Parameters<DelegatingHandler['onResponseStart']>): void {
    const [controller, status] = response
    // "407 Proxy Authentication Required" can come from a proxy only.
    if (status !== 407) {
      super.onResponseStart(...response)
      return
    }
    const error = new ProxyRefusalError(this.#proxy, status)
    this.handler.onResponseError(controller, error)
    controller.abort(error)
  }
}
