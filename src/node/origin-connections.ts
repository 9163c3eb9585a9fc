import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { describeServer } from './client-request.ts'
import type { Connection, ConnectionOwner, PendingRequest } from './connection.ts'
import type { ConnectCallback, PendingConnection } from './connector.ts'
import { Http1Connection, type Http1Options } from './http1-connection.ts'
import { defaultIdleTime } from './http1-request.ts'
import { Http2Connection, maxStreams, NotHttp2Error } from './http2-connection.ts'

/** The options of the connections to one origin. */
export interface OriginOptions {
  /** The origin to connect to: the server's, or that of a proxy that forwards requests. */
  readonly origin: string
  /** Whether the connections do not keep the process alive. */
  readonly unref: boolean
  /** The time between two checks of an HTTP/2 connection, in ms. */
  readonly pingInterval: number
  /** @param protocols the protocols that TLS may negotiate */
  connect(protocols: string[], callback: ConnectCallback): PendingConnection
  /** Called when neither a connection nor a request is left. */
  emptied(): void
}

/** The protocol that the server negotiates. */
type Protocol = 'unknown' | 'h2' | 'http/1.1'

/** The maximum number of connections being established at once: a server's backlog holds a few hundred. */
const maxOpenings = 64

/** A connection that cannot be used yet. */
interface Opening {
  /** The connection while it is being established. */
  connecting: PendingConnection | undefined
  /** The HTTP/2 connection until the server's SETTINGS arrive. */
  connection: Http2Connection | undefined
}

/**
 * The connections to one origin, in any number. Requests wait for connections that are being established, as many for each
 * connection as it is expected to take; for the others, further connections are opened.
 */
export class OriginConnections implements ConnectionOwner {
  readonly #options: OriginOptions
  /** The requests that wait for a connection. */
  readonly #waiting = new Set<PendingRequest>()
  readonly #openings = new Set<Opening>()
  /** The openings that a request has timed out on while it waited: later requests do not count on them. */
  readonly #lateOpenings = new Set<Opening>()
  readonly #connections = new Set<Connection>()
  /** The connections that take another request. */
  readonly #free = new Set<Connection>()
  #protocol: Protocol
  /** The number of requests that a connection is expected to take. */
  #capacity: number
  /** The options of the HTTP/1.1 connections, once there is one. */
  #http1Options: Http1Options | undefined
  /** Whether the server has negotiated HTTP/2 but not spoken it, or has asked for HTTP/1.1. */
  #avoidsHttp2 = false

  constructor(options: OriginOptions) {
    this.#options = options
    const isSecure = options.origin.startsWith('https:')
    this.#protocol = isSecure ? 'unknown' : 'http/1.1'
    this.#capacity = isSecure ? maxStreams : 1
  }

  dispatch(request: PendingRequest): void {
    const { handler } = request
    handler.onOver = (hasTimedOut) => this.#giveUp(request, hasTimedOut)
    this.#waiting.add(request)
    this.#serve()
  }

  changed(connection: Connection): void {
    for (const opening of this.#openings) {
      if (opening.connection !== connection) continue
      const { limit } = opening.connection
      // A server that allows no streams yet may allow some until the next check of the connection.
      if (!limit && connection.room === 0 && limit !== undefined) return
      if (limit === undefined) return
      this.#capacity = limit
      this.#remove(opening)
    }
    if (connection.room) this.#free.add(connection)
    else this.#free.delete(connection)
    this.#serve()
  }

  closed(connection: Connection): void {
    this.#connections.delete(connection)
    this.#free.delete(connection)
    for (const opening of this.#openings) {
      if (opening.connection !== connection) continue
      const { error = new Error('the connection was closed before the HTTP/2 settings came') } = opening.connection
      this.#failed(opening, error)
    }
    this.#serve()
  }

  repeat(request: PendingRequest): void {
    if (request.handler.isOver) return
    this.dispatch(request)
  }

  avoidHttp2(): void {
    this.#avoidsHttp2 = true
    this.#capacity = 1
  }

  destroy(): void {
    const error = new Error('the connections were closed')
    for (const request of this.#waiting) request.handler.onResponseError(noController, error)
    this.#waiting.clear()
    for (const opening of [...this.#openings]) this.#abandon(opening)
    for (const connection of [...this.#connections]) connection.destroy(error)
  }

  #serve(): void {
    for (const request of this.#waiting) {
      const connection = this.#findFree()
      if (!connection) break
      this.#waiting.delete(request)
      // The callback would keep the request in memory as long as its response.
      request.handler.onOver = undefined
      connection.send(request)
      if (!connection.room) this.#free.delete(connection)
    }
    while (this.#openings.size < maxOpenings && this.#waiting.size > this.#expectedRoom) this.#open()
    this.#reportEmpty()
  }

  /** The number of requests that the connections being established are expected to take. */
  get #expectedRoom(): number {
    return (this.#openings.size - this.#lateOpenings.size) * this.#capacity
  }

  /** @returns whether the opening was still there */
  #remove(opening: Opening): boolean {
    this.#lateOpenings.delete(opening)
    return this.#openings.delete(opening)
  }

  #findFree(): Connection | undefined {
    for (const connection of this.#free) {
      if (connection.room) return connection
      this.#free.delete(connection)
    }
    return undefined
  }

  #reportEmpty(): void {
    if (!this.#waiting.size && !this.#openings.size && !this.#connections.size) this.#options.emptied()
  }

  #open(): void {
    const opening: Opening = { connecting: undefined, connection: undefined }
    this.#openings.add(opening)
    const protocols = this.#avoidsHttp2 ? ['http/1.1'] : ['h2', 'http/1.1']
    opening.connecting = this.#options.connect(protocols, (error, socket) => {
      opening.connecting = undefined
      if (!socket) this.#failed(opening, error as Error)
      else if ((socket as TLSSocket).alpnProtocol === 'h2') this.#useHttp2(opening, socket as TLSSocket)
      else this.#useHttp1(opening, socket)
    })
  }

  #useHttp2(opening: Opening, socket: TLSSocket): void {
    if (this.#protocol !== 'h2') this.#capacity = maxStreams
    this.#protocol = 'h2'
    opening.connection = new Http2Connection(this.#options.origin, socket, this, this.#options)
    this.#connections.add(opening.connection)
  }

  #useHttp1(opening: Opening, socket: Socket): void {
    this.#protocol = 'http/1.1'
    this.#capacity = 1
    this.#remove(opening)
    this.#http1Options ??= { server: describeServer(this.#options.origin), unref: this.#options.unref }
    const connection = new Http1Connection(socket, this, this.#http1Options)
    this.#connections.add(connection)
    this.#free.add(connection)
    this.#serve()
    // The request that it was opened for may have been served by another connection.
    if (connection.isIdle) connection.finished(defaultIdleTime)
  }

  /** Reports an error to the requests that wait for this connection. */
  #failed(opening: Opening, error: Error): void {
    const isLate = this.#lateOpenings.has(opening)
    if (!this.#remove(opening)) return
    if (error instanceof NotHttp2Error && !this.#avoidsHttp2) {
      this.avoidHttp2()
      this.#serve()
      return
    }
    if (this.#avoidsHttp2) {
      // HTTP/1.1 does not help: the next connection may use HTTP/2 again.
      this.#avoidsHttp2 = false
      this.#capacity = maxStreams
    }
    // At least one request fails, unless none was expected to use this connection.
    const least = isLate && this.#expectedRoom ? 0 : 1
    let count = Math.min(this.#capacity, Math.max(least, this.#waiting.size - this.#expectedRoom))
    for (const request of this.#waiting) {
      if (count-- <= 0) break
      this.#waiting.delete(request)
      request.handler.onOver = undefined
      request.handler.onResponseError(noController, error)
    }
    this.#serve()
  }

  /** Removes an aborted request, and the connections that are being established for no other request. */
  #giveUp(request: PendingRequest, hasTimedOut: boolean): void {
    if (!this.#waiting.delete(request)) return
    // Later requests must not wait for a connection that an earlier one timed out on; others may have more time.
    if (hasTimedOut) for (const opening of this.#openings) this.#lateOpenings.add(opening)
    for (const opening of [...this.#openings].reverse()) {
      if ((this.#openings.size - 1) * this.#capacity < this.#waiting.size) break
      this.#abandon(opening)
    }
    this.#serve()
  }

  #abandon(opening: Opening): void {
    this.#remove(opening)
    opening.connecting?.abandon()
    opening.connection?.destroy(new Error('no request waits for the connection'))
  }
}

/** The controller of a request that was not sent, which controls nothing. */
const noController = {
  aborted: true,
  paused: false,
  reason: null,
  rawHeaders: null,
  rawTrailers: null,
  abort() {},
  pause() {},
  resume() {},
}
