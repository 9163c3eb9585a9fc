import { buildConnector, type Dispatcher, EnvHttpProxyAgent, type Pool, type ProxyAgent } from 'undici'
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
  // The engine has timeouts of its own. Agents for proxies do not hand on what they were told of them.
  return new EnvHttpProxyAgent(options).compose(
    (dispatch) => (request, handler) => dispatch({ ...request, headersTimeout: 0, bodyTimeout: 0 }, handler),
  )
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
