import type { BodyInit } from '../options.ts'

/** As much of an AbortSignal as a transport needs: a whole one takes twenty times the memory in Node. */
export interface Signal {
  readonly aborted: boolean
  /** Whether it was aborted by a timeout: the connection may be dead, and is not to be used again. */
  readonly hasTimedOut?: boolean
  onabort?: ((this: never, event: never) => unknown) | null | undefined
}

/** One request, ready to be sent. */
export interface TransportRequest {
  readonly url: string
  readonly method: string
  readonly headers: Headers
  readonly body: BodyInit | null | undefined
  readonly withCredentials: boolean
  readonly redirect: 'follow' | 'error'
  /** Aborted as soon as nobody is interested any more; the connection has to close then. It is not when this is sent. */
  readonly signal: Signal
}

/** The head of a response, after redirects. */
export interface TransportResponse {
  readonly url: string
  readonly status: number
  readonly headers: Headers
  /** One of the headers, apart from the others: not every transport has made Headers of them before somebody asks. */
  readonly contentType: string | null
}

/** What a transport reports, in this order. */
export interface TransportHandler {
  response(response: TransportResponse): void
  /** A chunk of the body, decompressed. While a promise that it returns is pending, the socket must not be read. */
  bytes(chunk: Uint8Array): Promise<void> | undefined
  /** It cannot work, and no further attempt would change that. */
  refuse(code: 'redirect' | 'unsupported', message: string, response?: TransportResponse): void
}

/**
 * Sends one request. The promise is fulfilled when the body ends, or after `refuse`, and rejected when the connection
 * is lost.
 */
export type Transport = (request: TransportRequest, handler: TransportHandler) => Promise<void>
