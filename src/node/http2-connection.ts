import { type ClientHttp2Session, connect, constants } from 'node:http2'
import type { TLSSocket } from 'node:tls'
import type { Connection, ConnectionOwner, PendingRequest } from './connection.ts'
import { errorName, Http2Request, type RequestConnection } from './http2-request.ts'

/** How many requests share a connection at most, where the server allows more. */
export const mostShared = 250

/** How many bytes a server may send ahead of its consumer, for each stream. */
const streamWindow = 262_144

/** How many bytes are on their way at most, for all streams of a connection together: none of them holds up the others. */
const connectionWindow = 16_777_216

export interface Http2Options {
  /** Whether the connection keeps the process alive while it carries something. */
  readonly unref: boolean
  /**
   * How often the connection is looked at, in ms. SETTINGS have to come in that time; where nothing came, a PING is sent, and
   * has to be answered in that time.
   */
  readonly lookInterval: number
}

/** What went wrong with a connection before the server had said anything in HTTP/2. */
export class NotHttp2Error extends Error {}

/** A connection over which an HTTP/2 server answers many requests at once. */
export class Http2Connection implements Connection, RequestConnection {
  error: Error | undefined
  readonly #owner: ConnectionOwner
  readonly #socket: TLSSocket
  readonly #session: ClientHttp2Session
  readonly #options: Http2Options
  /** A timer for all that has a deadline, however many streams there are. */
  readonly #timer: NodeJS.Timeout
  /** How many streams the server allows; undefined until its settings have come. */
  #limit: number | undefined
  #streams = 0
  /** The last stream that the server answers, if it goes away. */
  #lastStreamId: number | undefined
  #isRetired = false
  /** Whether nothing was carried when the connection was last looked at. */
  #wasIdle = false
  /** Whether a PING was sent when the connection was last looked at, or since. */
  #isPinged = false
  /** How many bytes had come then. */
  #bytesRead = 0

  /** @param socket connected, and with HTTP/2 negotiated */
  constructor(origin: string, socket: TLSSocket, owner: ConnectionOwner, options: Http2Options) {
    this.#owner = owner
    this.#socket = socket
    this.#options = options
    const session = connect(origin, {
      createConnection: () => socket,
      // An ID of the server's may be long, and is sent back.
      maxSendHeaderBlockLength: 1_048_576,
      maxSessionMemory: 64,
      settings: { enablePush: false, initialWindowSize: streamWindow },
    })
    this.#session = session
    session
      .on('connect', () => session.destroyed || session.setLocalWindowSize(connectionWindow))
      .on('remoteSettings', ({ maxConcurrentStreams = mostShared }) => {
        this.#limit = Math.min(maxConcurrentStreams, mostShared)
        owner.changed(this)
        this.#setReference()
      })
      // Node lets the streams up to the last that the server names go on, and closes the session after them.
      .on('goaway', (code, lastStreamId) => {
        this.#lastStreamId = lastStreamId
        if (code !== constants.NGHTTP2_NO_ERROR) this.error = new Error(`the server went away (${errorName(code)})`)
        this.retire()
      })
      .on('error', (error) => this.#fail(error))
      .on('close', () => this.#close())
    this.#timer = setTimeout(() => this.#look(), options.lookInterval).unref()
    this.#setReference()
  }

  get isClosed(): boolean {
    return this.#socket.destroyed || this.#session.destroyed
  }

  get isIdle(): boolean {
    return this.#streams === 0
  }

  /** How many streams the server allows; undefined until its settings have come. */
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

  isLeftOut(streamId: number | undefined): boolean {
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

  /** Gives the connection up, with all that it carries. */
  destroy(error: Error): void {
    this.#fail(error)
    this.#session.destroy(error)
    // The session would wait until all was sent, which a connection that died silently never does.
    this.#socket.destroy()
  }

  #fail(error: Error): void {
    this.error ??=
      this.#limit === undefined && isProtocolError(error)
        ? new NotHttp2Error(`the server negotiated HTTP/2 and does not speak it: ${error.message}`)
        : error
  }

  #close(): void {
    clearTimeout(this.#timer)
    this.#isRetired = true
    this.#owner.closed(this)
  }

  /** A connection that carries nothing, and that nobody waits for, does not keep the process alive. */
  #setReference(): void {
    if (this.#options.unref || (this.#limit !== undefined && this.#streams === 0)) this.#socket.unref()
    else this.#socket.ref()
  }

  #look(): void {
    const { bytesRead } = this.#socket
    const isSilent = bytesRead === this.#bytesRead
    this.#bytesRead = bytesRead
    this.#timer.refresh()
    const isIdle = this.#streams === 0
    if (this.#limit === undefined) this.#giveUp(new NotHttp2Error('the server sent no HTTP/2 settings'))
    else if (isIdle && this.#limit === 0) this.destroy(new Error('the server allows no HTTP/2 streams'))
    else if (isIdle && this.#wasIdle) this.#session.close()
    else if (isSilent && this.#isPinged) this.#giveUp(new Error('the connection is dead: no answer to an HTTP/2 PING'))
    else {
      this.#wasIdle = isIdle
      this.#isPinged = false
      if (isSilent && !isIdle) this.#ping()
    }
  }

  /** Unless something has come meanwhile: the process may have been busy, or asleep, until now. */
  #giveUp(error: Error): void {
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
