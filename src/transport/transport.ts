import type { BodyInit } from '../options.ts'

/** One request, ready to be sent. */
export interface TransportRequest {
  readonly url: string
  readonly method: string
  readonly headers: Headers
  readonly body: BodyInit | null | undefined
  readonly withCredentials: boolean
  readonly redirect: 'follow' | 'error'
  /** Aborted as soon as nobody is interested any more; the connection has to close then. */
  readonly signal: AbortSignal
}

/** The head of a response, after redirects. */
export interface TransportResponse {
  readonly url: string
  readonly status: number
  readonly headers: Headers
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
