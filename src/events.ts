import { EventBase, showFields } from '#platform'
import type { DomEvent } from './platform/dom-types.ts'

/**
 * Why a connection was interrupted or failed. The list is closed: a new cause of failure is a new reason.
 *
 * | reason | what happened |
 * |---|---|
 * | `ended` | the server ended the stream |
 * | `network` | refused, reset, DNS, TLS, truncated body |
 * | `timeout` | no response headers within `openTimeout` |
 * | `idle` | no byte within `idleTimeout` |
 * | `callback` | a function that the caller passed failed |
 * | `status` | a status other than 200 |
 * | `content-type` | a MIME type other than `text/event-stream` |
 * | `redirect` | `redirect: 'error'`, too many redirects, no usable Location |
 * | `cors` | reserved; if the server does not allow the origin of a page, the reason is `network` |
 * | `too-large` | an event larger than `maxEventSize` |
 * | `unsupported` | a scheme that can never work, no way to send, a header that cannot be sent |
 * | `body-used` | a one-shot body would have to be sent twice |
 * | `gave-up` | `maxAttempts` failures in a row; `error` is the last cause |
 */
export type ErrorReason =
  | 'ended'
  | 'network'
  | 'timeout'
  | 'idle'
  | 'callback'
  | 'status'
  | 'content-type'
  | 'redirect'
  | 'cors'
  | 'too-large'
  | 'unsupported'
  | 'body-used'
  | 'gave-up'

/** What ended an attempt: the fields of an {@link ErrorEvent}. */
export interface ErrorDetails {
  /** A description of what happened. */
  readonly message: string
  /** The cause, if there is one: what `fetch` rejected with, or what a callback threw. */
  readonly error: unknown
  /** What happened, as a word for programs. */
  readonly reason: ErrorReason
  /** The same as `status`, under its name in the npm package `eventsource`. */
  readonly code: number | undefined
  /** The HTTP status of a response that was refused; undefined for any other reason. */
  readonly status: number | undefined
  /** The headers of a response that was refused. */
  readonly headers: Headers | undefined
  /** The first 8 KiB of the body of a response that was refused, decoded as UTF-8. */
  readonly body: string | undefined
  /** The number of the attempt that ended; 1 is the first. */
  readonly attempt: number
  /** Whether another attempt follows. */
  readonly willReconnect: boolean
  /** The delay until the next attempt, in ms; undefined if there is none. */
  readonly delay: number | undefined
}

/**
 * The `error` event of an EventSource. Deviation: the standard dispatches a plain Event; this one also says
 * what happened. It extends the runtime's Event, not the runtime's ErrorEvent, which not every runtime has.
 */
export class ErrorEvent extends (EventBase as new (type: string) => DomEvent) implements ErrorDetails {
  declare readonly message: string
  declare readonly error: unknown
  declare readonly reason: ErrorReason
  declare readonly code: number | undefined
  declare readonly status: number | undefined
  declare readonly headers: Headers | undefined
  declare readonly body: string | undefined
  declare readonly attempt: number
  declare readonly willReconnect: boolean
  declare readonly delay: number | undefined

  /** @param details what happened: all fields in events that a source dispatches, and any of them in an event for a test */
  constructor(type: string, details?: Partial<ErrorDetails>) {
    super(type)
    Object.assign(this, details)
  }
}

showFields(ErrorEvent)
