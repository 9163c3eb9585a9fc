import type { Http2Session } from 'node:http2'
import type { Socket } from 'node:net'
import { buildConnector, Client, type Dispatcher, EnvHttpProxyAgent, Pool } from 'undici'

/**
 * What connections are like: `shared` by the requests to an origin where the server speaks HTTP/2; `exclusive` to a
 * request, whose body is a stream that could not be sent again; `unref`, so that they do not keep the process alive.
 */
export type AgentKind = 'shared' | 'exclusive' | 'unref'

type Connect = buildConnector.connector
type Dispatch = [options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler]

/** How many requests share a connection at most, where the server allows more. */
const mostShared = 250

/** undici keeps the session of a connection under a symbol of its own. Without it, requests just do not wait for it. */
function findSession(socket: Socket): Http2Session | undefined {
  const key = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'http2Session')
  return key && (socket as unknown as Record<symbol, Http2Session>)[key]
}

/**
 * Connections to one origin, shared where HTTP/2 can. undici's Pool opens one for every request that comes before the
 * first is connected; here such requests wait for it, for then it is known whether they can share it.
 */
class SharingPool extends Pool {
  readonly #createClient: () => Client
  /** Undefined until the first connection is there. */
  #isShared: boolean | undefined
  #isConnecting = false
  readonly #waiting: Dispatch[] = []
  /** How many requests each connection takes that speaks HTTP/2. */
  readonly #capacities = new Map<Client, number>()

  constructor(origin: URL, options: Pool.Options, connect: Connect) {
    super(origin, { ...options, factory: () => this.#createClient() })
    if (origin.protocol === 'http:') this.#isShared = false
    this.#createClient = () => {
      const client = new Client(origin, {
        ...options,
        connect: (target: buildConnector.Options, callback: buildConnector.Callback) => {
          this.#isConnecting = true
          connect(target, (...result) => {
            callback(...result)
            const [error, socket] = result
            if (error) this.#failWaiting(error)
            else this.#share(client, socket)
          })
        },
      })
      return client.on('disconnect', () => this.#capacities.delete(client))
    }
  }

  override dispatch(...given: Dispatch): boolean {
    if (this.#isConnecting && this.#isShared !== false) {
      this.#waiting.push(given)
      return false
    }
    if (!this.#isShared) return super.dispatch(...given)
    // Not by way of Pool, which is told too late that a connection has taken all that it can.
    for (const [client, capacity] of this.#capacities) {
      if (client.stats.size < capacity) return client.dispatch(...given)
    }
    return this.#addClient().dispatch(...given)
  }

  /** Adds one that Pool does not know of, for Agent to hear of all the same. */
  #addClient(): Client {
    const client = this.#createClient()
    client.on('connect', (...details) => this.emit('connect', ...details))
    client.on('disconnect', (...details) => this.emit('disconnect', ...details))
    client.on('connectionError', (...details) => this.emit('connectionError', ...details))
    return client
  }

  #share(client: Client, socket: Socket): void {
    const session = findSession(socket)
    this.#isShared = session !== undefined
    // The server's settings come first on a connection, and say how many requests it takes; the rest would hang.
    session?.once('remoteSettings', ({ maxConcurrentStreams = mostShared }) => {
      const capacity = Math.min(maxConcurrentStreams, mostShared)
      client.pipelining = capacity
      this.#capacities.set(client, capacity)
      this.#dispatchWaiting()
    })
    session?.once('close', () => this.#dispatchWaiting())
    if (!session) this.#dispatchWaiting()
  }

  #dispatchWaiting(): void {
    this.#isConnecting = false
    for (const waiting of this.#waiting.splice(0)) this.dispatch(...waiting)
  }

  /** They would have met the same error. */
  #failWaiting(error: Error): void {
    this.#isConnecting = false
    for (const [, handler] of this.#waiting.splice(0)) handler.onError?.(error)
  }
}

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

/** Without a limit on silence or on connections, and with the proxies that the environment names. */
function createAgent(kind: AgentKind): Dispatcher {
  const allowH2 = kind !== 'unref'
  return new EnvHttpProxyAgent({
    // The engine has its own: openTimeout and idleTimeout.
    headersTimeout: 0,
    bodyTimeout: 0,
    allowH2,
    // Of servers behind a proxy.
    requestTls: { allowH2 },
    factory: (origin: string | URL, given: object) => {
      const options = given as Pool.Options
      const { connect } = options
      const connector = typeof connect === 'function' ? connect : buildConnector({ ...connect, allowH2 })
      if (kind === 'shared') return new SharingPool(new URL(origin), options, connector)
      return new Pool(origin, { ...options, connect: kind === 'unref' ? withoutReference(connector) : connector })
    },
  })
}

const agents = new Map<AgentKind, Dispatcher>()

/** The agent that all requests of a kind have in common; it is made, and the environment is read, when it is first used. */
export function commonAgent(kind: AgentKind): Dispatcher {
  const agent = agents.get(kind) ?? createAgent(kind)
  agents.set(kind, agent)
  return agent
}
