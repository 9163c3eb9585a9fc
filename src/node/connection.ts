import type { Dispatcher } from 'undici'

/** The options of a request, as undici's dispatchers take them. */
export type RequestOptions = Dispatcher.DispatchOptions

/** The controller of a request over a {@link Connection}, like undici's controllers. */
export interface ResponseController extends Dispatcher.DispatchController {
  readonly httpVersion: '1.1' | '2'
  /** The request as it was sent, until its response begins. */
  readonly sent?: SentRequest | undefined
}

/** A request as it is on the wire. */
export interface SentRequest {
  readonly method: string
  /** The path with the query, or the whole URL if a proxy forwards the request. */
  readonly path: string
  readonly origin: string | URL
  /** The names and values of the header fields, without the method and the path. */
  readonly fields: readonly (readonly [name: string, value: string])[]
}

/** The handler of a response, with the methods of a handler of undici 7 or newer. */
export interface ResponseHandler extends Required<Omit<Dispatcher.DispatchHandler, LegacyEvents | 'onRequestUpgrade'>> {
  /** Whether the request has ended: its response is complete, or it has failed or was aborted. */
  readonly isOver?: boolean
  /**
   * A callback for an abort of the request, set by the connections.
   * @param hasTimedOut whether a timeout aborted the request: its connection may be dead then
   */
  onOver?: ((hasTimedOut: boolean) => void) | undefined
}

type LegacyEvents =
  | 'onConnect'
  | 'onError'
  | 'onUpgrade'
  | 'onResponseStarted'
  | 'onHeaders'
  | 'onData'
  | 'onComplete'
  | 'onBodySent'

/** What sends requests: {@link Connections}, or the caller's undici Dispatcher. */
export interface RequestDispatcher {
  /** Whether every response can be paused, even one whose connection closes at its end. */
  readonly pausesSafely?: boolean
  dispatch(options: RequestOptions, handler: ResponseHandler): boolean
}

/** A request that waits for a connection, or for its response. */
export interface PendingRequest {
  readonly options: RequestOptions
  readonly handler: ResponseHandler
  /** Whether the request was sent before, to a server that did not process it. */
  readonly isRepeated: boolean
}

/** An open connection. */
export interface Connection {
  /** The number of further requests that the connection takes now. */
  readonly room: number
  /** Whether no request is in progress. */
  readonly isIdle: boolean
  send(request: PendingRequest): void
  /** Takes no further request, and closes the connection when no request is in progress. */
  retire(): void
  /** Closes the connection at once; the requests in progress fail with this error. */
  destroy(error: Error): void
}

/** The owner of connections, which they report to. */
export interface ConnectionOwner {
  /** The number of requests that a connection takes has changed. */
  changed(connection: Connection): void
  /** A connection is closed. */
  closed(connection: Connection): void
  /** The server did not process a request, so it can be sent again over another connection. */
  repeat(request: PendingRequest): void
  /** The server wants HTTP/1.1 for a request that was sent over HTTP/2. */
  avoidHttp2(): void
}
