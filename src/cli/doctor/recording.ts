import type { IncomingHttpHeaders } from 'node:http'
import type { Connections } from '../../node/connections.ts'

/** Bytes of a body that arrived at one time. */
export interface Arrival {
  /** The time in ms since the request was sent. */
  readonly at: number
  readonly bytes: Buffer
}

export interface ResponseHead {
  /** The time in ms since the request was sent. */
  readonly at: number
  readonly status: number
  readonly headers: IncomingHttpHeaders
}

/**
 * What ended a recording: the end of the body (`ended`), an error (`failed`), the maximum time (`time`), the maximum size
 * (`full`), or the caller, who needs no more (`satisfied`).
 */
export type RecordingEnd =
  | { readonly kind: 'ended' | 'time' | 'satisfied' | 'full' }
  | { readonly kind: 'failed'; readonly error: Error }

/** One request and its response, undecoded, with the times at which its parts arrived. */
export interface Recording {
  /** Whether a connection was established and the request was sent. */
  readonly sent: boolean
  /** The time of day at which the request was sent, in ms since 1970. */
  readonly date: number
  readonly httpVersion: '1.1' | '2' | undefined
  readonly head: ResponseHead | undefined
  readonly body: readonly Arrival[]
  readonly end: RecordingEnd
  /** The length of the recording in ms, from when the request was sent, or dispatched if it was never sent. */
  readonly duration: number
}

export interface RecordedRequest {
  readonly url: URL
  readonly method: string
  readonly headers: Headers
  readonly body: Uint8Array | null
}

export interface RecordingOptions {
  readonly dispatcher: Connections
  /** The maximum time in ms, including that to connect. */
  readonly time: number
  /** Called when the head has arrived, and then for all bytes that arrive; true ends the recording. */
  readonly isSatisfied?: (head: ResponseHead, arrival: Arrival | undefined) => boolean
}

/** The maximum number of bytes of a body that are kept. */
export const maxBodySize = 4 * 2 ** 20
