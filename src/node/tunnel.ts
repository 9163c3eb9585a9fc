import type { Socket } from 'node:net'
import { startTimer, type Timer } from '../timer.ts'
import { createRequest, describeServer } from './client-request.ts'
import {
  addressOf,
  type ConnectCallback,
  type ConnectOptions,
  connect,
  connectOver,
  type Endpoint,
  type PendingConnection,
} from './connector.ts'
import type { ProxySettings } from './proxy-environment.ts'
import { describeTlsError, keepMessage } from './tls-error.ts'

/** The protocols that TLS to a proxy may negotiate. */
export const proxyProtocols = ['http/1.1']

/** The error of a proxy that refused a request. */
export class ProxyRefusalError extends Error {
  /** Whether the proxy would refuse the next request, too, since it wants other credentials. */
  readonly isFinal: boolean

  constructor(proxy: ProxySettings, status: number) {
    super(`the proxy ${proxyName(proxy)} refused: ${status}`)
    this.isFinal = status === 407 || status === 401
  }
}

/** The name of a proxy in messages, without credentials. */
function proxyName({ url }: ProxySettings): string {
  return `${url.protocol}//${url.host}`
}

/** Adds the proxy's name to an error of the connection to it. */
export function proxyError(proxy: ProxySettings, error: Error): Error {
  if (error instanceof ProxyRefusalError) return error
  const { code } = error as NodeJS.ErrnoException
  describeTlsError(error, proxy.url.host)
  return keepMessage(Object.assign(new Error(`the proxy ${proxyName(proxy)}: ${error.message}`), { code }))
}

/** Connects to an endpoint through a proxy ("CONNECT", RFC 9110, section 9.3.6); the callback is called once. */
export function connectThrough(
  proxy: ProxySettings,
  toProxy: Endpoint,
  endpoint: Endpoint,
  options: ConnectOptions,
  callback: ConnectCallback,
): PendingConnection {
  return new Tunnel(proxy, toProxy, endpoint, options, callback)
}

class Tunnel implements PendingConnection {
  readonly #proxy: ProxySettings
  readonly #endpoint: Endpoint
  readonly #options: ConnectOptions
  readonly #callback: ConnectCallback
  #isSettled = false
  /** The step in progress: the connection to the proxy, or TLS through the tunnel. */
  #step: PendingConnection | undefined
  #socket: Socket | undefined
  /** The deadline of the proxy's response. */
  #timer: Timer | undefined

  constructor(
    proxy: ProxySettings,
    toProxy: Endpoint,
    endpoint: Endpoint,
    options: ConnectOptions,
    callback: ConnectCallback,
  ) {
    this.#proxy = proxy
    this.#endpoint = endpoint
    this.#options = options
    this.#callback = callback
    this.#step = connect(toProxy, { ...options, protocols: proxyProtocols }, (error, socket) => {
      this.#step = undefined
      if (socket) this.#ask(socket)
      else this.#fail(error as Error)
    })
  }

  #ask(socket: Socket): void {
    this.#socket = socket
    const { timeout } = this.#options
    const target = addressOf(this.#endpoint)
    const { authorization } = this.#proxy
    this.#timer = startTimer(() => this.#fail(new Error(`no tunnel to ${target} within ${timeout} ms`)), timeout, true)
    createRequest(socket, describeServer(this.#proxy.url.origin), {
      method: 'CONNECT',
      path: target,
      headers: {
        host: target,
        connection: 'keep-alive',
        'proxy-connection': 'keep-alive',
        ...(authorization && { 'proxy-authorization': authorization }),
      },
    })
      .on('connect', ({ statusCode = 0 }, tunnel: Socket, head: Buffer) => {
        clearTimeout(this.#timer)
        if (this.#isSettled) return
        if (head.length) tunnel.unshift(head)
        if (statusCode >= 200 && statusCode < 300) this.#secure(tunnel)
        else this.#fail(new ProxyRefusalError(this.#proxy, statusCode))
      })
      .on('error', (error) => this.#fail(error))
      .end()
  }

  #secure(tunnel: Socket): void {
    if (!this.#endpoint.tls) {
      this.#isSettled = true
      this.#callback(undefined, tunnel)
      return
    }
    this.#step = connectOver(tunnel, this.#endpoint, this.#options, (error, socket) => {
      this.#isSettled = true
      if (error) tunnel.destroy()
      this.#callback(error, socket)
    })
  }

  #fail(error: Error): void {
    if (this.#isSettled) return
    this.abandon()
    this.#callback(proxyError(this.#proxy, error))
  }

  abandon(): void {
    this.#isSettled = true
    clearTimeout(this.#timer)
    this.#step?.abandon()
    this.#socket?.destroy()
  }
}
