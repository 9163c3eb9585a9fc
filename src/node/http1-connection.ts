import type { Socket } from 'node:net'
import type { Client, Dispatcher } from 'undici'
import type { Connection, ConnectionOwner, PendingRequest, ResponseController, ResponseHandler } from './connection.ts'

/** The maximum size of a response head, in bytes, as in Chromium; `--max-http-header-size` can raise it. */
const maxHeaderSize = 262_144

/** An HTTP/1.1 connection, which carries one request at a time: undici's Client over a socket of the connector. */
export class Http1Connection implements Connection {
  readonly #client: Client
  readonly #owner: ConnectionOwner
  readonly #socket: Socket
  /** The request in progress, or the last one. */
  #current: Http1Request | undefined
  /** Whether no request is in progress. */
  #isFree = true
  /** Whether the connection takes no further request. */
  #isRetired = false

  /**
   * @param origin the origin that the socket is connected to: the server's, or a proxy's
   * @param socket a connected socket
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
    // undici calls `ref()` with every request.
    if (options.unref) socket.unref().ref = () => socket
    // Added before undici's own listener, which takes a reset for the end of a body without a length.
    socket.on('error', (error) => this.#current?.fail(error))
    this.#applyBackpressure()
    let isGiven = false
    this.#client = new Constructor(origin, {
      allowH2: false,
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: Math.max(maxHeaderSize, options.maxHeaderSize),
      connect: (_, callback) => {
        // After an aborted request, undici would connect again at once.
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
   * Keeps undici from reading the socket while the consumer lags. Paused by its own controller, undici 7 throws an
   * AssertionError that cannot be caught when the connection closes (https://github.com/nodejs/undici/issues/5360).
   */
  #applyBackpressure(): void {
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
  /** The error of the connection, if it was lost. */
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

  /** The raw headers of undici's controller: views of the first packet, which would stay in memory as long as the stream. */
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
    // undici reads the socket when this event is emitted.
    this.#socket.emit('readable')
  }

  /** Notes the error of a connection that was lost. */
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
    // The end of the connection has to be read, even if the consumer has not taken everything.
    this.paused = false
    // undici takes a reset for the end of a body that ends with its connection.
    const error = this.#error ?? findResetError(this.#socket)
    if (error) this.#handler.onResponseError(this, error)
    else this.#handler.onResponseEnd(this, {})
  }

  onResponseError(_: unknown, error: Error): void {
    const wasSent = !!this.#controller
    const { isRepeated, handler } = this.#pending
    // The server closed the idle connection just before the request.
    if (!wasSent && !isRepeated && !handler.isOver && this.#socket.destroyed) {
      this.#owner.repeat({ ...this.#pending, isRepeated: true })
    } else handler.onResponseError(this, error)
  }
}

/**
 * The error of a connection that was reset; undefined for a clean end. When bytes arrive together with a reset, libuv
 * reports a clean end, but a write to the socket then fails.
 */
function findResetError(socket: Socket): Error | undefined {
  if (!socket.readableEnded || 'encrypted' in socket) return undefined
  socket.write('')
  return socket.errored ? Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }) : undefined
}
