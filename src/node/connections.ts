import type { Http2Session } from 'node:http2'
import { Socket } from 'node:net'
import { type buildConnector, Client, type Dispatcher, Pool } from 'undici'

/** That somebody waits for a response. */
export interface Interest {
  isOver: boolean
  /** To be called when it is over. */
  onOver?: () => void
}

export interface DispatchOptions extends Dispatcher.DispatchOptions {
  readonly interest?: Interest
}

type Dispatch = [options: DispatchOptions, handler: Dispatcher.DispatchHandler]

/** Some of undici's connectors return the socket, others take a signal; their type has neither. */
export type Connect = (
  target: buildConnector.Options & { readonly signal?: AbortSignal },
  callback: buildConnector.Callback,
) => unknown

/** A connection that is being made. */
interface Connecting {
  /** In the request it is made for. */
  readonly interest: Interest | undefined
  giveUp(): void
}

/** How many requests share a connection at most, where the server allows more. */
const mostShared = 250

/** undici keeps the session of a connection under a symbol of its own. Without it, no connection is shared. */
function findSession(socket: Socket): Http2Session | undefined {
  const key = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'http2Session')
  return key && (socket as unknown as Record<symbol, Http2Session>)[key]
}

function hasRoom({ pipelining, stats: { connected, size } }: Client): boolean {
  return connected && size < pipelining
}

/**
 * The connections to one origin, of which there may be any number. Where the server speaks HTTP/2, requests share them:
 * those that come before the first is there wait for it, while undici's Pool opens one for each. This is a Pool only
 * because an agent for proxies calls inner methods of one where it does not tunnel.
 */
export class Connections extends Pool {
  readonly #origin: URL
  readonly #connect: Connect
  readonly #options: Pool.Options
  readonly #mayShare: boolean
  /** Whether the last connection could be shared; undefined until there was one. */
  #isShared: boolean | undefined
  /** Until it is known how many requests they take. */
  readonly #connecting = new Map<Client, Connecting>()
  /** Those of the requests that were sent last. */
  readonly #interests = new WeakMap<Client, Interest | undefined>()
  /** Those that may take another request. */
  readonly #free = new Set<Client>()
  readonly #waiting = new Set<Dispatch>()

  /** @param mayShare whether requests may share a connection */
  constructor(origin: URL, connect: Connect, mayShare: boolean, options: Pool.Options) {
    super(origin, { ...options, connect, factory: () => this.#open() })
    this.#origin = origin
    this.#connect = connect
    this.#options = options
    this.#mayShare = mayShare && origin.protocol === 'https:'
    if (!this.#mayShare) this.#isShared = false
  }

  override dispatch(...given: Dispatch): boolean {
    const [{ interest }] = given
    if (interest) interest.onOver = this.#giveUp
    this.#waiting.add(given)
    this.#dispatchWaiting()
    return true
  }

  #dispatchWaiting(): void {
    for (const given of this.#waiting) {
      const free = this.#findFree()
      if (!free && this.#connecting.size && this.#isShared !== false) return
      this.#waiting.delete(given)
      const client = free ?? this.#open(given[0].interest)
      // One that takes a single request says when it is free again; what others say of that comes too early or never.
      if (client.pipelining === 1) this.#free.delete(client)
      this.#interests.set(client, given[0].interest)
      client.dispatch(...given)
    }
  }

  #findFree(): Client | undefined {
    for (const client of this.#free) if (hasRoom(client)) return client
    return undefined
  }

  #open(interest?: Interest): Client {
    let session: Http2Session | undefined
    const client: Client = new Client(this.#origin, {
      ...this.#options,
      connect: (target: buildConnector.Options, callback: buildConnector.Callback) => {
        let controller: AbortController | undefined
        const withSignal = {
          ...target,
          get signal() {
            controller ??= new AbortController()
            return controller.signal
          },
        }
        const socket = this.#connect(withSignal, (...result) => {
          callback(...result)
          const [error, connected] = result
          if (error) return this.#fail(client, error)
          session = this.#origin.protocol === 'https:' ? findSession(connected) : undefined
          this.#isShared = this.#mayShare && !!session
          if (!this.#isShared) return this.#offer(client)
          // The server's settings come first on a connection, and say how many requests it takes; the rest would hang.
          session?.on('remoteSettings', ({ maxConcurrentStreams = mostShared }) => {
            client.pipelining = Math.min(maxConcurrentStreams, mostShared)
            this.#offer(client)
          })
        })
        this.#connecting.set(client, {
          interest,
          giveUp() {
            controller?.abort()
            if (socket instanceof Socket) socket.destroy(new Error('nobody waits for it any more'))
          },
        })
      },
    })
    client.on('drain', () => this.#connecting.has(client) || this.#offer(client))
    client.on('connect', (...details) => this.emit('connect', ...details))
    client.on('connectionError', (...details) => client.destroyed || this.emit('connectionError', ...details))
    client.on('disconnect', (...details) => {
      // undici may report the end of an HTTP/2 connection twice.
      if (client.destroyed) return
      this.#connecting.delete(client)
      this.#free.delete(client)
      // Otherwise it would connect again, by itself and at once, for requests that are about to fail or were aborted.
      if (session || this.#interests.get(client)?.isOver) void client.destroy(details[2])
      this.emit('disconnect', ...details)
      this.#dispatchWaiting()
    })
    return client
  }

  #offer(client: Client): void {
    this.#connecting.delete(client)
    if (hasRoom(client)) this.#free.add(client)
    this.#dispatchWaiting()
  }

  /** Those that wait would have met the same error. */
  #fail(client: Client, error: Error): void {
    if (!this.#connecting.delete(client)) return
    for (const [, handler] of this.#waiting) handler.onError?.(error)
    this.#waiting.clear()
  }

  /** Forgets those that nobody waits for any more, and closes what is being made for nobody else. */
  readonly #giveUp = (): void => {
    for (const given of this.#waiting) if (given[0].interest?.isOver) this.#waiting.delete(given)
    if (this.#waiting.size) return
    for (const [client, { interest, giveUp }] of this.#connecting) {
      if (!interest?.isOver) continue
      this.#connecting.delete(client)
      giveUp()
    }
  }
}
