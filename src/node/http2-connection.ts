import type { ClientHttp2Session } from 'node:http2'
import { setImmediate } from 'node:timers'
import type { TLSSocket } from 'node:tls'
import { startTimer, type Timer } from '../timer.ts'
import type { Connection, ConnectionOwner, PendingRequest } from './connection.ts'
import { type SocketOwner, setSocketOwner, splitOrigin } from './connector.ts'
import { errorCodes, errorName } from './http2-error-codes.ts'
import { Http2Request, type RequestConnection } from './http2-request.ts'
import { describeTlsError } from './tls-error.ts'

/** The maximum number of streams that share a connection, even if the server allows more. */
export const maxStreams = 250

/** The default of {@link Http2Options.pingInterval}, in ms. */
export const defaultPingInterval = 15_000

/** The flow-control window of a stream: the number of bytes that a server may send ahead of the stream's consumer. */
const streamWindow = 262_144

/**
 * The flow-control window of a connection, in bytes. It is large, so that a stream whose consumer lags does not hold up
 * the others.
 */
const connectionWindow = 16_777_216

export interface Http2Options {
  /** Whether the connection does not keep the process alive. */
  readonly unref: boolean
  /**
   * The time between two checks of the connection, in ms. SETTINGS have to arrive within it. If nothing arrived between
   * two checks while a stream is open, a PING is sent, which has to be answered before the next check.
   */
  readonly pingInterval: number
}

/** The error of a connection whose server negotiated HTTP/2 but does not speak it. */
export class NotHttp2Error extends Error {}

/** An HTTP/2 connection, which many requests share. */
export class Http2Connection implements Connection, RequestConnection, SocketOwner {
  /** The reason why the connection was lost, if it was. */
  error: Error | undefined
  readonly authority: string
  readonly #owner: ConnectionOwner
  readonly #socket: TLSSocket
  readonly #session: ClientHttp2Session
  readonly #options: Http2Options
  /** The timer of the checks: one for all deadlines, however many streams there are. */
  #timer: Timer | undefined
  /** The number of concurrent streams that the connection takes; undefined until the server's SETTINGS have arrived. */
  #limit: number | undefined
  /** The number of open streams. */
  #streams = 0
  /** The last stream that the server still answers, if it has sent GOAWAY. */
  #lastStreamId: number | undefined
  /** Whether the connection takes no further request. */
  #isRetired = false
  /** Whether no stream was open at the last check. */
  #wasIdle = false
  /** Whether a PING was sent at the last check or since. */
  #isPinged = false
  /** The number of bytes that had arrived at the last check. */
  #bytesRead = 0

  /** @param socket a connected socket that has negotiated HTTP/2 */
  constructor(origin: string, socket: TLSSocket, owner: ConnectionOwner, options: Http2Options) {
    this.#owner = owner
    this.authority = splitOrigin(origin)[1]
    this.#socket = socket
    this.#options = options
    // Loaded by the first such connection: plain HTTP needs neither this module nor node:tls.
    const { connect } = process.getBuiltinModule('node:http2')
    const session = connect(origin, {
      createConnection: () => socket,
      // The server's event IDs, which are sent back, may be long.
      maxSendHeaderBlockLength: 1_048_576,
      maxSessionMemory: 64,
      // As many header fields as Node takes over HTTP/1.1.
      maxHeaderListPairs: 2_000,
      settings: { enablePush: false, initialWindowSize: streamWindow },
    })
    this.#session = session
    setSocketOwner(socket, this)
    session
      .on('connect', () => session.destroyed || session.setLocalWindowSize(connectionWindow))
      .on('remoteSettings', ({ maxConcurrentStreams = maxStreams }) => {
        this.#limit = Math.min(maxConcurrentStreams, maxStreams)
        owner.changed(this)
        this.#setReference()
      })
      // Node lets the streams up to the last stream ID end, and then closes the session.
      .on('goaway', (code, lastStreamId) => {
        this.#lastStreamId = lastStreamId
        if (code !== errorCodes.noError) this.error = new Error(`the server went away (${errorName(code)})`)
        this.retire()
      })
      .on('error', (error) => this.#fail(error))
      .on('close', () => this.#close())
    this.#startTimer()
    this.#setReference()
  }

  get isClosed(): boolean {
    return this.#socket.destroyed || this.#session.destroyed
  }

  get isIdle(): boolean {
    return this.#streams === 0
  }

  get limit(): number | undefined {
    return this.#limit
  }

  get room(): number {
    const { closed, destroyed } = this.#session
    return this.#isRetired || closed || destroyed ? 0 : Math.max(0, (this.#limit ?? 0) - this.#streams)
  }

  send(pending: PendingRequest): void {
    const request = new Http2Request(this, pending)
    this.#streams++
    if (this.#streams === 1) this.#setReference()
    pending.handler.onOver = this.#onOver
    try {
      request.start(this.#session)
    } catch (error) {
      this.release()
      pending.handler.onResponseError(request, error as Error)
    }
  }

  readonly #onOver = (hasTimedOut: boolean): void => {
    if (!hasTimedOut) return
    this.#ping()
    this.retire()
  }

  isExcludedByGoaway(streamId: number | undefined): boolean {
    return !!this.#lastStreamId && (streamId === undefined || streamId > this.#lastStreamId)
  }

  release(): void {
    this.#streams--
    if (this.#streams === 0) this.#setReference()
    if (this.#streams === 0 && this.#isRetired) this.#session.close()
    this.#owner.changed(this)
  }

  retire(): void {
    if (this.#isRetired) return
    this.#isRetired = true
    if (this.#streams === 0) this.#session.close()
    this.#owner.changed(this)
  }

  repeat(request: PendingRequest): void {
    this.#owner.repeat(request)
  }

  avoidHttp2(): void {
    this.#owner.avoidHttp2()
    this.retire()
  }

  // What the socket reports. The session reports its end.

  failed(error: Error): void {
    // A server that wants a client certificate says so only after the handshake, in an alert.
    this.destroy(error)
  }

  closed(): void {}

  destroy(error: Error): void {
    this.#fail(error)
    this.#session.destroy(error)
    // The session would wait until everything is sent, which never happens on a dead connection.
    this.#socket.destroy()
  }

  #fail(error: Error): void {
    describeTlsError(error, this.authority)
    this.error ??=
      this.#limit === undefined && isProtocolError(error)
        ? new NotHttp2Error(`the server negotiated HTTP/2 but does not speak it: ${error.message}`)
        : error
  }

  #close(): void {
    clearTimeout(this.#timer)
    this.#isRetired = true
    this.#owner.closed(this)
  }

  /** Lets the connection keep the process alive only while a stream is open or a request waits for the SETTINGS. */
  #setReference(): void {
    if (this.#options.unref || (this.#limit !== undefined && this.#streams === 0)) this.#socket.unref()
    else this.#socket.ref()
  }

  #startTimer(): void {
    this.#timer = startTimer(() => this.#check(), this.#options.pingInterval, true)
  }

  #check(): void {
    const { bytesRead } = this.#socket
    const isSilent = bytesRead === this.#bytesRead
    this.#bytesRead = bytesRead
    this.#startTimer()
    const isIdle = this.#streams === 0
    if (this.#limit === undefined) this.#destroyIfSilent(new NotHttp2Error('the server sent no HTTP/2 settings'))
    else if (isIdle && this.#limit === 0) this.destroy(new Error('the server allows no HTTP/2 streams'))
    else if (isIdle && this.#wasIdle) this.#session.close()
    else if (isSilent && this.#isPinged)
      this.#destroyIfSilent(new Error('the connection is dead: no answer to an HTTP/2 PING'))
    else {
      this.#wasIdle = isIdle
      this.#isPinged = false
      if (isSilent && !isIdle) this.#ping()
    }
  }

  /**
   * Destroys the connection, unless bytes are waiting to be read: the process may have been busy or suspended until now.
   */
  #destroyIfSilent(error: Error): void {
    const { bytesRead } = this.#socket
    setImmediate(() => {
      if (this.#socket.bytesRead === bytesRead) this.destroy(error)
    })
  }

  #ping(): void {
    if (this.#session.closed || this.#session.destroyed) return
    this.#isPinged = true
    this.#session.ping(() => {})
  }
}

function isProtocolError({ code }: NodeJS.ErrnoException): boolean {
  return code === 'ERR_HTTP2_ERROR' || code === 'ERR_HTTP2_SESSION_ERROR'
}
