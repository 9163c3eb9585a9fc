import type { Socket } from 'node:net'
import type { Client, Dispatcher } from 'undici'
import type { Connection, ConnectionOwner, PendingRequest, ResponseController, ResponseHandler } from './connection.ts'

/** How large the head of a response may be, in bytes, where the process was not told to allow more. As Chromium has it. */
const maxHeaderSize = 262_144

/** A connection over which a server answers one request after the other: undici's Client over a socket of ours. */
export class Http1Connection implements Connection {
  readonly #client: Client
  readonly #owner: ConnectionOwner
  readonly #socket: Socket
  /** The request whose response is under way. */
  #current: Http1Request | undefined
  #isFree = true
  #isRetired = false

  /**
   * @param origin of what the socket is connected to: the server, or a proxy
   * @param socket connected
   */
  constructor(
    Constructor: typeof Client,
    origin: string,
    socket: Socket,
    owner: ConnectionOwner,
    options: { readonly unref: boolean; readonly maxHeaderSize: number },
  ) {
    this.#owner = owner
    this.#socket = socket
    // undici references it again with every request.
    if (options.unref) socket.unref().ref = () => socket
    // Before undici's own listener, which takes a reset for the end of a body that has no other.
    socket.on('error', (error) => this.#current?.fail(error))
    this.#holdBack()
    let isGiven = false
    this.#client = new Constructor(origin, {
      allowH2: false,
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: Math.max(maxHeaderSize, options.maxHeaderSize),
      connect: (_, callback) => {
        // It would connect again by itself, at once, for a request that was aborted.
        const error = isGiven || socket.destroyed ? new Error('the connection was closed') : null
        isGiven = true
        queueMicrotask(() => (error ? callback(error, null) : callback(null, socket)))
      },
    })
    this.#client
      .on('drain', () => {
        this.#isFree = true
        if (this.#isRetired) this.#close()
        else owner.changed(this)
      })
      .on('disconnect', () => this.#close())
      .on('connectionError', () => this.#close())
  }

  get room(): number {
    return this.#isFree && !this.#isRetired && !this.#socket.destroyed ? 1 : 0
  }

  get isIdle(): boolean {
    return this.#isFree
  }

  send(pending: PendingRequest): void {
    this.#isFree = false
    this.#current = new Http1Request(pending, this.#socket, this.#owner)
    this.#client.dispatch(pending.options, this.#current)
  }

  retire(): void {
    this.#isRetired = true
    if (this.#isFree) this.#close()
  }

  destroy(error: Error): void {
    this.#socket.destroy(error)
    this.#close()
  }

  #close(): void {
    if (this.#client.destroyed) return
    this.#isRetired = true
    void this.#client.destroy()
    this.#socket.destroy()
    this.#owner.closed(this)
  }

  /**
   * Lets undici read nothing while the consumer is behind. Paused by way of its own controller, undici 7 throws an
   * AssertionError that nobody can catch when such a connection ends (https://github.com/nodejs/undici/issues/5360).
   */
  #holdBack(): void {
    const socket = this.#socket
    const read = socket.read
    socket.read = (size) => (this.#current?.paused ? null : read.call(socket, size))
  }
}

/** A request over HTTP/1.1, and its response. */
class Http1Request implements Dispatcher.DispatchHandler, ResponseController {
  readonly httpVersion = '1.1'
  paused = false
  #controller: Dispatcher.DispatchController | undefined
  readonly #pending: PendingRequest
  readonly #socket: Socket
  readonly #owner: ConnectionOwner
  #error: Error | undefined

  constructor(pending: PendingRequest, socket: Socket, owner: ConnectionOwner) {
    this.#pending = pending
    this.#socket = socket
    this.#owner = owner
  }

  get #handler(): ResponseHandler {
    return this.#pending.handler
  }

  get aborted(): boolean {
    return !!this.#controller?.aborted
  }

  get reason(): Error | null {
    return this.#controller?.reason ?? null
  }

  get rawHeaders(): null {
    return null
  }

  /** undici keeps views of the first packet there, which would stay in memory as long as the stream. */
  set rawHeaders(value: null) {
    if (this.#controller) this.#controller.rawHeaders = value
  }

  abort(reason: Error): void {
    this.#controller?.abort(reason)
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    if (!this.paused) return
    this.paused = false
    // What undici would have read.
    this.#socket.emit('readable')
  }

  /** The connection is lost. */
  fail(error: Error): void {
    this.#error = error
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    this.#handler.onRequestStart(this, undefined)
  }

  onResponseStart(
    _: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[]>,
    statusText?: string,
  ): void {
    this.#handler.onResponseStart(this, status, headers, statusText)
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#handler.onResponseData(this, chunk)
  }

  onResponseEnd(): void {
    // undici takes a reset for the end of a body that lasts until the connection is closed.
    const error = this.#error ?? findReset(this.#socket)
    if (error) this.#handler.onResponseError(this, error)
    else this.#handler.onResponseEnd(this, {})
  }

  onResponseError(_: unknown, error: Error): void {
    const wasSent = !!this.#controller
    const { isRepeated, handler } = this.#pending
    // The server had closed a connection that was kept, just before.
    if (!wasSent && !isRepeated && !handler.isOver && this.#socket.destroyed) {
      this.#owner.repeat({ ...this.#pending, isRepeated: true })
    } else handler.onResponseError(this, error)
  }
}

/**
 * The error of a connection that was reset, if it was. Where bytes come together with a reset, libuv reports the end instead;
 * but nothing at all can be written to a connection that was reset.
 */
function findReset(socket: Socket): Error | undefined {
  if (!socket.readableEnded || 'encrypted' in socket) return undefined
  socket.write('')
  return socket.errored ? Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }) : undefined
}
