import { type ClientRequest, type IncomingMessage, maxHeaderSize } from 'node:http'
import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { createRequest, type HttpServer } from './client-request.ts'
import type { ConnectionOwner, PendingRequest, ResponseController, ResponseHandler, SentRequest } from './connection.ts'
import { addLength, checkValue } from './header-fields.ts'
import { readRest } from './read-rest.ts'
import { isReadable, Upload } from './upload.ts'

/** The maximum size of a response head, in bytes, as in Chromium; `--max-http-header-size` can raise it. */
const minMaxHeaderSize = 262_144

/** How long an idle connection is kept if the server does not say how long it keeps it, in ms. */
export const defaultIdleTime = 4_000

/**
 * How much earlier than the server an idle connection is closed, in ms, so that no request is sent while the server
 * closes it.
 */
const idleTimeMargin = 1_000

/** Sends a request over another connection, unless that was done before. */
export function repeatOrFail(pending: PendingRequest, owner: ConnectionOwner, error: Error): void {
  const { isRepeated, handler } = pending
  if (handler.isOver) return
  if (isRepeated) handler.onResponseError(undefined as never, error)
  else owner.repeat({ ...pending, isRepeated: true })
}

function isSafe({ options }: PendingRequest): boolean {
  return (options.method === 'GET' || options.method === 'HEAD') && !isReadable(options.body)
}

/**
 * The header fields of a request.
 * @param length the length of the body in bytes; undefined if it is a stream
 * @throws Error that names the header that cannot be sent, but not its value
 */
function createFields({ options }: PendingRequest, host: string, length: number | undefined): Record<string, string> {
  const headers = (options.headers ?? {}) as Readonly<Record<string, string>>
  const fields: Record<string, string> = { host, connection: 'keep-alive', ...headers }
  for (const name of Object.keys(headers)) checkValue(name, headers[name] ?? '')
  addLength(fields, options.method, length)
  if (length === undefined && fields['content-length'] === undefined) fields['transfer-encoding'] = 'chunked'
  return fields
}

/**
 * The member of Node's requests and responses that refers to the {@link Http1Request} they belong to. Listeners read it from
 * `this`: a closure for each listener would take much of the memory of an idle stream.
 */
const http1Request: unique symbol = Symbol('http1Request')

interface Owned {
  [http1Request]: Http1Request
}

function setHttp1Request<Emitter extends ClientRequest | IncomingMessage>(
  emitter: Emitter,
  request: Http1Request,
): Emitter & Owned {
  const owned = emitter as Emitter & Owned
  owned[http1Request] = request
  return owned
}

function onResponse(this: Owned, response: IncomingMessage): void {
  this[http1Request].responded(response)
}

function onUpgrade(this: Owned, response: IncomingMessage): void {
  this[http1Request].upgraded(response)
}

function onData(this: Owned, chunk: Buffer): void {
  this[http1Request].received(chunk)
}

function onEnd(this: Owned & IncomingMessage): void {
  this[http1Request].ended(this)
}

function onError(this: Owned, error: Error): void {
  this[http1Request].failed(error)
}

function onRequestClose(this: Owned): void {
  this[http1Request].requestClosed()
}

function onResponseClose(this: Owned): void {
  this[http1Request].responseClosed()
}

/** The connection of an {@link Http1Request}, which is told when it is free. */
export interface RequestConnection {
  /** @param idleTime how long the connection can be idle, in ms; 0 if it cannot be used again */
  finished(idleTime: number): void
}

/** A request over HTTP/1.1, and its response. */
export class Http1Request implements ResponseController {
  readonly httpVersion = '1.1'
  rawHeaders: null = null
  rawTrailers: null = null
  aborted = false
  paused = false
  reason: Error | null = null
  readonly #handler: ResponseHandler
  readonly #server: HttpServer
  readonly #socket: Socket
  /** The connection until it is free. */
  #connection: RequestConnection | undefined
  /** The owner of a connection that has carried a request before: it can send this one again over another connection. */
  readonly #owner: ConnectionOwner | undefined
  /** The request until its response begins, since it may have to be sent again. */
  #pending: PendingRequest | undefined
  /** The header fields, until the response begins. */
  #fields: Readonly<Record<string, string>> | undefined
  #request: ClientRequest | undefined
  #response: IncomingMessage | undefined
  #upload: Upload | undefined
  /** The error of the connection. */
  #error: Error | undefined
  /** Whether the end or an error was reported to the handler. */
  #isReported = false
  /** Whether the request does not use the socket any more. */
  #isClosed = false
  /** How long the connection can be idle after this request, in ms. */
  #idleTime = 0

  constructor(
    pending: PendingRequest,
    server: HttpServer,
    socket: Socket,
    connection: RequestConnection,
    owner: ConnectionOwner | undefined,
  ) {
    this.#owner = owner
    this.#server = server
    this.#pending = pending
    this.#handler = pending.handler
    this.#socket = socket
    this.#connection = connection
  }

  start(): void {
    const pending = this.#pending as PendingRequest
    const { method, path } = pending.options
    const body = pending.options.body as Buffer | Readable | null | undefined
    const length = isReadable(body) ? undefined : (body?.length ?? 0)
    let fields: Record<string, string>
    let request: ClientRequest
    try {
      fields = createFields(pending, this.#server.authority, length)
      request = createRequest(this.#socket, this.#server, {
        method,
        path,
        headers: fields,
        maxHeaderSize: Math.max(minMaxHeaderSize, maxHeaderSize),
      })
    } catch (error) {
      this.#report(error as Error)
      this.#finish(defaultIdleTime)
      return
    }
    this.#request = request
    this.#fields = fields
    setHttp1Request(request, this)
      .on('response', onResponse)
      .on('upgrade', onUpgrade)
      .on('error', onError)
      .on('close', onRequestClose)
    this.#handler.onRequestStart(this, undefined)
    if (this.aborted) return
    try {
      if (isReadable(body)) {
        const announced = fields['content-length']
        this.#upload = new Upload(body, request, {
          onError: (error) => this.#fail(error),
          length: announced ? Number(announced) : undefined,
        })
      } else request.end(body)
    } catch (error) {
      this.#fail(error as Error)
    }
  }

  get sent(): SentRequest | undefined {
    if (!this.#pending || !this.#fields) return undefined
    const { method, path } = this.#pending.options
    return { method, path, origin: this.#server.origin, fields: Object.entries(this.#fields) }
  }

  abort(reason: Error): void {
    if (this.aborted || this.#isReported) return
    this.aborted = true
    this.reason = reason
    this.#upload?.end()
    this.#request?.destroy()
    this.#response?.destroy()
  }

  pause(): void {
    this.paused = true
    this.#response?.pause()
  }

  resume(): void {
    this.paused = false
    this.#response?.resume()
  }

  /** Notes an error of the connection, which is reported when the request is closed. */
  failed(error: Error): void {
    // RFC 9112, section 6.3: bytes after a complete response are not part of it, and only end the connection.
    if (!this.#response?.complete) this.#error ??= error
  }

  // What the listeners call.

  responded(response: IncomingMessage): void {
    this.#response = response
    this.#pending = undefined
    this.#fields = undefined
    if (this.aborted) return
    const { statusCode = 0, statusMessage = '', rawHeaders } = response
    const headers = groupHeaders(rawHeaders)
    // After "101 Switching Protocols", the connection speaks another protocol, even if the server has not named it.
    this.#idleTime = statusCode === 101 ? 0 : readIdleTime(headers['keep-alive'])
    setHttp1Request(response, this)
      .on('data', onData)
      .on('end', onEnd)
      .on('error', onError)
      .on('close', onResponseClose)
    this.#handler.onResponseStart(this, statusCode, headers, statusMessage)
  }

  /** The server switches to another protocol, although no request asks for one: its response is "101 Switching Protocols". */
  upgraded({ statusCode = 0, statusMessage = '', rawHeaders }: IncomingMessage): void {
    this.#pending = undefined
    this.#fields = undefined
    if (this.aborted) return
    this.#isReported = true
    this.#handler.onResponseStart(this, statusCode, groupHeaders(rawHeaders), statusMessage)
    this.#handler.onResponseEnd(this, {})
  }

  received(chunk: Buffer): void {
    if (!this.aborted) this.#handler.onResponseData(this, chunk)
  }

  ended({ complete }: IncomingMessage): void {
    // node:http mistakes a reset for the end of a body that lasts until the connection is closed.
    if (this.aborted || this.#error || !complete) return
    this.#isReported = true
    this.#handler.onResponseEnd(this, {})
    if (!this.#upload?.isUnderWay && this.#request?.writableFinished) return
    // RFC 9112, section 9.6: a server may answer before the end of the request; the connection cannot be used again then.
    this.#upload?.end()
    this.#request?.destroy()
  }

  #fail(error: Error): void {
    this.failed(error)
    this.#report(error)
    this.#upload?.end()
    this.#request?.destroy()
  }

  requestClosed(): void {
    this.#isClosed = true
    this.responseClosed()
  }

  /** Ends the request when its socket is free or closed, and all of its response was read. */
  responseClosed(): void {
    const response = this.#response
    if (!this.#isClosed || !this.#connection || (response && !response.readableEnded && !response.destroyed)) return
    if (response?.destroyed && !this.aborted && !this.#isReported) {
      readRest(response, (chunk) => this.#handler.onResponseData(this, chunk))
    }
    const isWhole = this.#isReported && !this.#error
    this.#upload?.end()
    const pending = this.#pending
    const owner = this.#owner
    // RFC 9110, section 9.2.2: a safe request may be sent again. The server may have closed the idle connection while the
    // request was on its way.
    if (pending && owner && isSafe(pending) && !this.aborted && !this.#isReported) {
      this.#isReported = true
      repeatOrFail(pending, owner, this.#specificError())
    } else this.#report(this.#specificError())
    this.#finish(isWhole && !this.aborted ? this.#idleTime : 0)
  }

  #finish(idleTime: number): void {
    const connection = this.#connection
    this.#connection = undefined
    connection?.finished(idleTime)
  }

  /** The error of the connection, or one that says more than Node's "aborted" and "socket hang up". */
  #specificError(): Error {
    const error = this.#error
    if (error && !/^(aborted|socket hang up)$/.test(error.message)) return error
    const what = this.#response ? 'the end of the response' : 'the response'
    return Object.assign(new Error(`the connection was closed before ${what}`), { code: 'ECONNRESET' })
  }

  #report(error: Error): void {
    if (this.#isReported || this.aborted) return
    this.#isReported = true
    this.#handler.onResponseError(this, error)
  }
}

/** How long a connection can be idle according to the Keep-Alive header of a response, in ms. */
function readIdleTime(keepAlive: string | string[] | undefined): number {
  const seconds = /\btimeout=(\d+)/i.exec(`${keepAlive}`)?.[1]
  return seconds === undefined ? defaultIdleTime : Number(seconds) * 1_000 - idleTimeMargin
}

/** The values of each header. Node's own grouping leaves out some repeated headers, such as all but the first Content-Type. */
function groupHeaders(rawHeaders: readonly string[]): Record<string, string | string[]> {
  // A name may be `__proto__`.
  const headers: Record<string, string | string[]> = Object.create(null)
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase()
    const value = rawHeaders[index + 1] ?? ''
    const previous = headers[name]
    headers[name] = previous === undefined ? value : [previous, value].flat()
  }
  return headers
}
