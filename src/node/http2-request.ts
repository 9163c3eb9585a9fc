import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2'
import type { Readable } from 'node:stream'
import type { PendingRequest, ResponseController, ResponseHandler, SentRequest } from './connection.ts'
import { addLength, checkValue } from './header-fields.ts'
import { errorCodes, errorName } from './http2-error-codes.ts'
import { readRest } from './read-rest.ts'
import { isReadable, Upload } from './upload.ts'

/**
 * The codes with which nghttp2 itself resets a stream whose response is not valid, such as one that is not as long as its
 * Content-Length. Node does not tell that from a reset by the server.
 */
const codesOfEither =
  /^(PROTOCOL_ERROR|INTERNAL_ERROR|FLOW_CONTROL_ERROR|STREAM_CLOSED|FRAME_SIZE_ERROR|ENHANCE_YOUR_CALM)$/

/** Says who reset a stream. */
function describeReset(code: number): string {
  const name = errorName(code)
  if (!codesOfEither.test(name)) return `the server reset the stream (${name})`
  return `the stream was reset (${name}), by the server or because its response is invalid,`
}

/** The connection that a request is sent over. */
export interface RequestConnection {
  /** The host of the server with its port, unless that is the default. */
  readonly authority: string
  /** The reason why the connection was lost, if it was. */
  readonly error: Error | undefined
  /** Whether the connection is closed. */
  readonly isClosed: boolean
  /** Whether the server has sent GOAWAY with a last stream ID other than 0, and this stream comes after it. */
  isExcludedByGoaway(streamId: number | undefined): boolean
  /** The stream of a request has closed. */
  release(): void
  /** Prevents further requests over the connection. */
  retire(): void
  /** Returns a request that the server did not process, to be sent again. */
  repeat(request: PendingRequest): void
  /** Makes further requests use HTTP/1.1. */
  avoidHttp2(): void
}

const http2Request = Symbol('request')

/** A stream that knows its request, so that all streams can share the same listeners. */
type RequestStream = ClientHttp2Stream & { [http2Request]: Http2Request }

/**
 * The header fields of a request.
 * @throws Error that names the header that cannot be sent, but not its value
 */
function createFields(
  { options }: PendingRequest,
  authority: string,
  length: number | undefined,
): Record<string, string> {
  const { method, path } = options
  const given = (options.headers ?? {}) as Readonly<Record<string, string>>
  for (const name of Object.keys(given)) checkValue(name, given[name] ?? '')
  // "An endpoint MUST NOT generate an HTTP/2 message containing connection-specific header fields."
  const { host, connection: _connection, ...headers } = given
  const fields: Record<string, string> = {
    ':method': method,
    ':scheme': 'https',
    ':authority': host ?? authority,
    ':path': path,
    ...headers,
  }
  addLength(fields, method, length)
  return fields
}

/** A request over an HTTP/2 session, and its response. Handlers control it through the methods of an undici controller. */
export class Http2Request implements ResponseController {
  readonly httpVersion = '2'
  rawHeaders: null = null
  rawTrailers: null = null
  aborted = false
  paused = false
  reason: Error | null = null
  readonly #connection: RequestConnection
  readonly #handler: ResponseHandler
  /** The request until its response begins, since it may have to be sent again. */
  #request: PendingRequest | undefined
  #stream: ClientHttp2Stream | undefined
  /** The upload of the request's body, if that is a stream. */
  #upload: Upload | undefined
  /** Whether END_STREAM has arrived. */
  hasEnded = false
  /** Whether the end or an error was reported to the handler. */
  #isReported = false
  /** The error of the stream, or of the request's body. */
  #error: Error | undefined

  constructor(connection: RequestConnection, request: PendingRequest) {
    this.#connection = connection
    this.#handler = request.handler
    this.#request = request
  }

  /** @throws Error if the request cannot be sent; the session is unchanged then */
  start(session: ClientHttp2Session): void {
    const request = this.#request as PendingRequest
    const body = request.options.body as Buffer | Readable | null | undefined
    const length = isReadable(body) ? undefined : (body?.length ?? 0)
    const { method } = request.options
    const fields = createFields(request, this.#connection.authority, length)
    // Node ends a GET request by default. It would copy options, and complete the copy: 1 KB for each of thousands of streams.
    const options = method === 'GET' && length === 0 ? undefined : { endStream: length === 0 }
    const stream = session.request(fields, options) as RequestStream
    this.#stream = stream
    stream[http2Request] = this
    stream.push = pushTrackingEnd
    stream.on('response', onResponse).on('end', onEnd).on('error', onError).on('close', onClose)
    this.#handler.onRequestStart(this, undefined)
    if (this.aborted || length === 0) return
    try {
      if (isReadable(body)) {
        this.#upload = new Upload(body, stream, { onError: (error) => this.#fail(error), isKept: true })
      } else stream.end(body)
    } catch (error) {
      this.#fail(error as Error)
    }
  }

  #fail(error: Error): void {
    if (this.aborted || this.#isReported) return
    this.#error = error
    this.abort(error)
    this.#report(error)
  }

  get sent(): SentRequest | undefined {
    const { ':method': method, ':path': path, ':scheme': scheme, ...fields } = this.#stream?.sentHeaders ?? {}
    const origin = `${scheme}://${fields[':authority']}`
    return { method: `${method}`, path: `${path}`, origin, fields: Object.entries(fields) as [string, string][] }
  }

  abort(reason: Error): void {
    if (this.aborted) return
    this.aborted = true
    this.reason = reason
    this.#upload?.end()
    this.#cancel()
  }

  #cancel(): void {
    const stream = this.#stream
    // A stream that is closed already ignores this call.
    stream?.close(errorCodes.cancel)
    // Bytes that nobody reads would keep the stream, and with it the connection and the process.
    stream?.resume()
  }

  pause(): void {
    this.paused = true
    this.#stream?.pause()
  }

  resume(): void {
    this.paused = false
    this.#stream?.resume()
  }

  responded(headers: IncomingHttpHeaders): void {
    const request = this.#request
    this.#request = undefined
    if (this.aborted) return
    const status = Number(headers[':status'])
    // RFC 9110, section 15.5.20: "A client that receives a 421 (Misdirected Request) response MAY retry the request,
    // whether or not the request method is idempotent, over a different connection".
    if (status === 421 && request && this.#repeat(request)) {
      this.#cancel()
      return
    }
    this.#upload?.release()
    this.#handler.onResponseStart(this, status, headers as Record<string, string>)
    if (!this.aborted) this.#stream?.on('data', onData)
  }

  received(chunk: Buffer): void {
    if (!this.aborted) this.#handler.onResponseData(this, chunk)
  }

  ended(): void {
    if (!this.hasEnded || this.aborted || this.#isReported) return
    this.#isReported = true
    this.#handler.onResponseEnd(this, {})
    if (!this.#upload?.isUnderWay && this.#stream?.writableFinished) return
    // RFC 9113, section 8.1: a server may answer before the end of the request, and does not need the rest.
    this.#upload?.end()
    this.#stream?.close(errorCodes.noError)
  }

  failed(error: Error): void {
    this.#error ??= error
  }

  closed(): void {
    this.#settle()
    this.#upload?.end()
  }

  #settle(): void {
    const stream = this.#stream
    const request = this.#request
    this.#stream = undefined
    this.#request = undefined
    this.#connection.release()
    if (this.aborted || this.#isReported || !stream) return
    if (!request) {
      readRest(stream, (chunk) => this.received(chunk))
      this.ended()
      if (this.aborted || this.#isReported) return
    }
    const { rstCode, pending, id } = stream
    // RFC 9113, section 8.7: "Requests that have not been processed … may be automatically retried". Node
    // also closes the streams after a GOAWAY's last stream with this code; a stream that is still pending was never sent.
    if (request && (pending || rstCode === errorCodes.refusedStream)) {
      const isExcludedByGoaway = this.#connection.isExcludedByGoaway(id)
      const given = { ...request, isRepeated: request.isRepeated && !isExcludedByGoaway }
      if (this.#repeat(given, !isExcludedByGoaway)) return
    }
    if (rstCode === errorCodes.http11Required) {
      this.#connection.avoidHttp2()
      if (request && this.#repeat(request)) return
    }
    // Over another connection, the server may be calmer.
    if (rstCode === errorCodes.enhanceYourCalm) this.#connection.retire()
    const { error, isClosed } = this.#connection
    const whatHappened = isClosed ? 'the connection was closed' : describeReset(rstCode)
    this.#report(error ?? this.#specificError() ?? new Error(`${whatHappened} before the end of the response`))
  }

  /** The error, unless it is Node's error for a reset, which says less than the error code. */
  #specificError(): Error | undefined {
    const error = this.#error as NodeJS.ErrnoException | undefined
    return error?.code === 'ERR_HTTP2_STREAM_ERROR' ? undefined : error
  }

  /**
   * Sends a request again over another connection: once, and only if its body is no stream, or one of which little was
   * sent.
   * @param isRepeated whether that counts
   * @returns false if the request cannot be sent again
   */
  #repeat({ isRepeated: wasRepeated, options, handler }: PendingRequest, isRepeated = true): boolean {
    const body = isReadable(options.body) && !wasRepeated ? this.#upload?.takeBack() : (options.body ?? null)
    if (wasRepeated || handler.isOver || body === undefined) return false
    this.#isReported = true
    this.#connection.retire()
    this.#connection.repeat({ options: { ...options, body }, handler, isRepeated })
    return true
  }

  #report(error: Error): void {
    if (this.#isReported) return
    this.#isReported = true
    this.#handler.onResponseError(this, error)
  }
}

/**
 * Notes whether a stream ended with END_STREAM. The only difference that Node shows between END_STREAM and a reset with
 * code NO_ERROR is that a reset stream is already closed when its end is pushed; at 'end', both are closed if the consumer
 * lagged.
 */
function pushTrackingEnd(this: ClientHttp2Stream, chunk: unknown, encoding?: BufferEncoding): boolean {
  if (chunk === null && !this.closed) (this as RequestStream)[http2Request].hasEnded = true
  // This function is an own property of the stream, and hides the method of the prototype.
  return (Object.getPrototypeOf(this) as Readable).push.call(this, chunk, encoding)
}

function onResponse(this: ClientHttp2Stream, headers: IncomingHttpHeaders, _: number, raw: readonly string[]): void {
  // Node keeps the first value, but the last one counts: "extract a MIME type" of the Fetch standard.
  if (raw.indexOf('content-type') !== raw.lastIndexOf('content-type')) {
    headers['content-type'] = raw.filter((_, index) => raw[index - 1] === 'content-type' && index % 2 === 1).join(', ')
  }
  ;(this as RequestStream)[http2Request].responded(headers)
}

function onData(this: ClientHttp2Stream, chunk: Buffer): void {
  ;(this as RequestStream)[http2Request].received(chunk)
}

function onEnd(this: ClientHttp2Stream): void {
  ;(this as RequestStream)[http2Request].ended()
}

function onError(this: ClientHttp2Stream, error: Error): void {
  ;(this as RequestStream)[http2Request].failed(error)
}

function onClose(this: ClientHttp2Stream): void {
  ;(this as RequestStream)[http2Request].closed()
}
