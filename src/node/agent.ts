import { buildConnector, type Dispatcher, EnvHttpProxyAgent, type Pool, ProxyAgent, Socks5ProxyAgent } from 'undici'
import { type Connect, Connections } from './connections.ts'

/**
 * What connections are like: `shared` by the requests to an origin where the server speaks HTTP/2; `exclusive` to a
 * request, whose body is a stream that could not be sent again; `unref`, so that they do not keep the process alive.
 */
export type AgentKind = 'shared' | 'exclusive' | 'unref'

/** Connects as `connect` does, with sockets that do not keep the process alive. */
function withoutReference(connect: Connect): Connect {
  return (target, callback) =>
    connect(target, (...result) => {
      const [, socket] = result
      // undici takes the reference back when it reuses a connection.
      if (socket) Object.assign(socket.unref(), { ref: () => socket })
      callback(...result)
    })
}

/**
 * Without a limit on silence or on connections, and with the proxies that the environment names.
 * @param given what else connections are made with
 */
export function createAgent(kind: AgentKind, given: buildConnector.BuildOptions = {}): Dispatcher {
  const connectOptions = { ...given, allowH2: kind !== 'unref' }
  const options: EnvHttpProxyAgent.Options & Partial<ProxyAgent.Options> = {
    connect: connectOptions,
    // Of servers behind a proxy.
    requestTls: connectOptions,
    // Many a proxy tunnels to TLS servers only, and forwards what is for others.
    proxyTunnel: false,
    factory: (origin: string | URL, given: object) => {
      const options = given as Pool.Options
      const { connect } = options
      const connector = typeof connect === 'function' ? connect : buildConnector(connect)
      return new Connections(
        new URL(origin),
        kind === 'unref' ? withoutReference(connector) : connector,
        kind === 'shared',
        options,
      )
    },
  }
  return withoutTimeouts(new EnvHttpProxyAgent(options))
}

/** Removes undici's timeouts: a stream may stay silent. Agents for proxies do not pass on timeouts that they are given. */
function withoutTimeouts(agent: Dispatcher): Dispatcher {
  return agent.compose(
    (dispatch) => (request, handler) => dispatch({ ...request, headersTimeout: 0, bodyTimeout: 0 }, handler),
  )
}

/** What the agent of one caller is configured with. */
export interface AgentConfiguration {
  /** The URL of an `http:`, `https:` or `socks5:` proxy; without it, the environment's proxies are used. */
  readonly proxy?: string | undefined
  /** The TLS options for servers, behind a proxy too, and for a proxy that speaks TLS itself. */
  readonly tls?: buildConnector.BuildOptions
}

/** Creates an agent with a proxy and TLS options of its own. Like the shared agents, it has no timeouts. */
export function createConfiguredAgent({ proxy, tls: given = {} }: AgentConfiguration): Dispatcher {
  const tls = { ...given, allowH2: true }
  const options = { allowH2: true, connect: tls, requestTls: tls, proxyTls: tls, proxyTunnel: false }
  if (proxy === undefined) return withoutTimeouts(new EnvHttpProxyAgent(options))
  if (!/^socks/.test(new URL(proxy).protocol)) return withoutTimeouts(new ProxyAgent({ ...options, uri: proxy }))
  // undici's type lacks an option that its documentation has.
  const socksOptions: Socks5ProxyAgent.Options & { requestTls: typeof tls } = { requestTls: tls }
  return withoutTimeouts(new Socks5ProxyAgent(proxy, socksOptions))
}

const agents = new Map<string, Dispatcher>()

/**
 * The agent that all requests of a kind have in common; it is made, and the environment is read, when it is first used.
 * @param host the header, where a request has one of its own: a connection speaks to one host
 */
export function commonAgent(kind: AgentKind, host: string | null): Dispatcher {
  const key = `${kind} ${host}`
  const agent = agents.get(key) ?? createAgent(kind)
  agents.set(key, agent)
  return agent
}
