import type { BodyInit } from '../options/event-source-init.ts'
import type { Settings } from '../options/settings.ts'
import type { RequestHeaders } from '../platform/platform.ts'

/** The part of an AbortSignal that a transport needs: a real one takes twenty times the memory in Node. */
export interface Signal {
  readonly aborted: boolean
  /** Whether a timeout aborted it: its connection may be dead, and must not be used for another request. */
  readonly hasTimedOut?: boolean
  onabort?: ((this: never, event: never) => unknown) | null | undefined
}

/** One request, ready to be sent. */
export interface TransportRequest {
  readonly url: string
  readonly method: string
  readonly headers: RequestHeaders
  readonly body: BodyInit | null | undefined
  readonly withCredentials: boolean
  readonly redirect: 'follow' | 'error'
  /** Aborted when the attempt ends for any reason: the connection has to close then. Not aborted when the request is sent. */
  readonly signal: Signal
}

/** The head of a response, after redirects. */
export interface TransportResponse {
  readonly url: string
  readonly status: number
  /** The reason phrase of the status line; the empty string over HTTP/2. */
  readonly statusText: string
  readonly headers: Headers
  /**
   * Returns the value of a header, by its name in lower case; null if the response does not have it. This is separate
   * from `headers`, which some transports create only when they are read.
   */
  header(name: string): string | null
}

/** What a transport reports: a response and its body, then how the request ended. After an abort, nothing has to follow. */
export interface TransportHandler {
  response(response: TransportResponse): void
  /** A chunk of the body, decompressed. While a promise that this returns is pending, the socket must not be read. */
  bytes(chunk: Uint8Array): Promise<void> | undefined
  /** The request failed, and no further attempt would succeed. */
  refuse(
    reason: 'redirect' | 'unsupported' | 'callback' | 'body-used',
    message: string,
    response?: TransportResponse,
  ): void
  /** The whole body was delivered. */
  end(): void
  /** The connection was lost, or the request was aborted. */
  fail(error: unknown): void
  /** Ends the attempt without an error, and begins the next one at once: for a transport that needs a new request. */
  abort?(): void
}

/** Sends the requests of a session. */
export interface Transport {
  /**
   * Sends one request. It returns no promise: each of thousands of idle streams would keep it, with its callbacks.
   * @throws if the request cannot be sent
   */
  send(request: TransportRequest, handler: TransportHandler): void
  /**
   * Calls a function in the async context of the code that created the transport.
   * @param isLast whether the transport is not used any more
   */
  runInContext(callback: () => void, isLast: boolean): void
}

/**
 * Creates the transport of a session. The file of each runtime, chosen by the import `#transport`, exports such a
 * function.
 */
export type CreateTransport = (settings: Settings) => Transport
