import type { ConnectionOptions } from 'node:tls'
import type { Dispatcher } from 'undici'
import type { RequestOptions, ResponseHandler } from './connection.ts'
import type { ProxySettings } from './proxy-environment.ts'
import { SocksHandler } from './proxy-handlers.ts'
import { proxyError } from './tunnel.ts'

/** The requests over SOCKS proxies, which undici sends. */
export class SocksProxies {
  readonly #tls: ConnectionOptions
  /** The agents of undici, by URL and credentials of the proxy. */
  readonly #agents = new Map<string, Promise<Dispatcher>>()

  /** @param tls further options of TLS connections */
  constructor(tls: ConnectionOptions) {
    this.#tls = tls
  }

  dispatch(proxy: ProxySettings, options: RequestOptions, handler: ResponseHandler): void {
    const key = `${proxy.url.href} ${proxy.authorization}`
    const agent = this.#agents.get(key) ?? createAgent(proxy, this.#tls)
    this.#agents.set(key, agent)
    agent
      .then((dispatcher) => {
        if (handler.isOver) return
        const untimed = { ...options, headersTimeout: 0, bodyTimeout: 0 }
        dispatcher.dispatch(untimed, new SocksHandler(proxy, handler))
      })
      .catch((error: Error) => handler.onResponseError(undefined as never, proxyError(proxy, error)))
  }

  /** Closes all connections. The requests in progress fail. */
  destroy(): void {
    for (const agent of this.#agents.values()) void agent.then((dispatcher) => dispatcher.destroy())
    this.#agents.clear()
  }
}

async function createAgent(proxy: ProxySettings, tls: ConnectionOptions): Promise<Dispatcher> {
  const { Socks5ProxyAgent } = await import('./undici.ts')
  const url = new URL(proxy.url.href.replace(/^socks5h:/, 'socks5:'))
  // undici's types lack these options, which its ProxyAgent passes as well.
  const options = { username: proxy.username, password: proxy.password, requestTls: tls }
  return new Socks5ProxyAgent(url, options)
}
