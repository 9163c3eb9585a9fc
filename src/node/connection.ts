import type { Dispatcher } from 'undici'

/** A request's options, as undici's dispatchers take them. */
export type RequestOptions = Dispatcher.DispatchOptions

/** Controls a request over one of our own connections, as undici's controllers do. */
export interface ResponseController extends Dispatcher.DispatchController {
  readonly httpVersion: '1.1' | '2'
  /** The header fields as they were sent, over HTTP/2. */
  readonly sentHeaders?: Readonly<Record<string, unknown>> | undefined
}

/** A handler of a response, as undici 7 and newer has it. */
export interface ResponseHandler extends Required<Omit<Dispatcher.DispatchHandler, LegacyEvents | 'onRequestUpgrade'>> {
  /** Whether nobody waits any more. */
  readonly isOver?: boolean
  /**
   * A function that the connections put here, to be called when it is over.
   * @param hasTimedOut whether a timeout ended it: its connection is not to be trusted then
   */
  onOver?: ((hasTimedOut: boolean) => void) | undefined
  /** What went wrong with the connection, if its protocol takes that for the end of a body. */
  connectionError?: Error | undefined
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

/** What requests are dispatched to: connections of ours, or a dispatcher of the caller's. */
export interface Dispatching {
  /** Whether a response can be paused in every case, also where its connection ends with it. */
  readonly pausesSafely?: boolean
  dispatch(options: RequestOptions, handler: ResponseHandler): boolean
}

/** A request that waits for a connection, or for its response. */
export interface PendingRequest {
  readonly options: RequestOptions
  readonly handler: ResponseHandler
  /** Whether a server had it before, and did not take it. */
  readonly isRepeated: boolean
}

/** An open connection. */
export interface Connection {
  /** How many more requests it takes now. */
  readonly room: number
  /** Whether it carries nothing. */
  readonly isIdle: boolean
  send(request: PendingRequest): void
  /** Gives it no further request: it closes as soon as it carries nothing. */
  retire(): void
  /** Closes it at once, with all that it carries. */
  destroy(error: Error): void
}

/** To whom connections report. */
export interface ConnectionOwner {
  /** It may take another request, or takes none any more. */
  changed(connection: Connection): void
  /** It is closed. */
  closed(connection: Connection): void
  /** The server did not take this request, so that it can be sent over another connection. */
  repeat(request: PendingRequest): void
}
