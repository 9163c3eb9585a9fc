import type { Socket } from 'node:net'
import { startTimer, type Timer } from '../timer.ts'
import type { HttpServer } from './client-request.ts'
import type { Connection, ConnectionOwner, PendingRequest } from './connection.ts'
import { type SocketOwner, setSocketOwner, socketOwner } from './connector.ts'
import { Http1Request, type RequestConnection, repeatOrFail } from './http1-request.ts'
import { describeTlsError } from './tls-error.ts'

interface OwnedSocket extends Socket {
  [socketOwner]: Http1Connection
}

function onEnd(this: Socket): void {
  ;(this as OwnedSocket)[socketOwner].ended()
}

/** Bytes that a server sends without a request could be mistaken for the next response. */
function onIdleData(this: Socket): void {
  this.destroy()
}

export interface Http1Options {
  /** What the socket is connected to. */
  readonly server: HttpServer
  /** Whether the connection does not keep the process alive. */
  readonly unref: boolean
}

/** An HTTP/1.1 connection, which carries one request at a time: `node:http` over a socket of the connector. */
export class Http1Connection implements Connection, RequestConnection, SocketOwner {
  readonly #socket: Socket
  readonly #owner: ConnectionOwner
  readonly #options: Http1Options
  /** The request in progress. */
  #current: Http1Request | undefined
  /** Whether the connection has carried a request. */
  #isReused = false
  /** Whether the connection takes no further request. */
  #isRetired = false
  /** Runs while the connection is idle. */
  #idleTimer: Timer | undefined

  /** @param socket a connected socket */
  constructor(socket: Socket, owner: ConnectionOwner, options: Http1Options) {
    this.#socket = socket
    this.#owner = owner
    this.#options = options
    setSocketOwner(socket, this)
    // Added before the listener of node:http.
    socket.on('end', onEnd)
    this.#setReference()
  }

  get room(): number {
    return this.isIdle && !this.#isRetired && this.#isUsable ? 1 : 0
  }

  get isIdle(): boolean {
    return this.#current === undefined
  }

  /** Whether the socket can carry another request. */
  get #isUsable(): boolean {
    const { destroyed, writableEnded, readableEnded } = this.#socket
    return !destroyed && !writableEnded && !readableEnded
  }

  send(pending: PendingRequest): void {
    clearTimeout(this.#idleTimer)
    this.#socket.off('data', onIdleData)
    if (!this.#isUsable) {
      this.#isRetired = true
      repeatOrFail(pending, this.#owner, new Error('the connection was closed'))
      return
    }
    const owner = this.#isReused ? this.#owner : undefined
    const request = new Http1Request(pending, this.#options.server, this.#socket, this, owner)
    this.#current = request
    this.#isReused = true
    this.#setReference()
    request.start()
  }

  retire(): void {
    this.#isRetired = true
    if (this.isIdle) this.#socket.destroy()
  }

  destroy(error: Error): void {
    this.#socket.destroy(error)
  }

  finished(idleTime: number): void {
    this.#current = undefined
    if (this.#isRetired || idleTime <= 0 || !this.#isUsable) {
      this.#isRetired = true
      this.#socket.destroy()
      return
    }
    this.#socket.on('data', onIdleData)
    this.#idleTimer = startTimer(() => this.#socket.destroy(), idleTime, true)
    this.#setReference()
    this.#owner.changed(this)
  }

  // What the listeners call.

  failed(error: Error): void {
    describeTlsError(error, this.#options.server.authority)
    this.#current?.failed(error)
  }

  ended(): void {
    const error = findResetError(this.#socket)
    if (error) this.#current?.failed(error)
    if (this.isIdle) this.#socket.destroy()
  }

  closed(): void {
    clearTimeout(this.#idleTimer)
    this.#isRetired = true
    this.#owner.closed(this)
  }

  /** Lets the connection keep the process alive only while a request is in progress. */
  #setReference(): void {
    if (this.#options.unref || this.isIdle) this.#socket.unref()
    else this.#socket.ref()
  }
}

/**
 * The error of a connection that was reset; undefined for a clean end. When bytes arrive together with a reset, libuv
 * reports a clean end, but a write to the socket then fails.
 */
function findResetError(socket: Socket): Error | undefined {
  if ('encrypted' in socket || !socket.writable) return undefined
  socket.write('')
  return socket.errored ? Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }) : undefined
}
