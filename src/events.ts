/**
 * Why a connection was interrupted or refused. The list is closed: a new reason is a new code.
 *
 * | code | what happened |
 * |---|---|
 * | `ended` | the server ended the stream |
 * | `network` | refused, reset, DNS, TLS, torn body |
 * | `timeout` | no response within `openTimeout` |
 * | `idle` | no byte within `idleTimeout` |
 * | `callback` | a function given as `headers`, `body` or `retry` failed |
 * | `status` | a status other than 200 |
 * | `content-type` | a MIME type other than `text/event-stream` |
 * | `redirect` | `redirect: 'error'`, too many redirects, no usable Location |
 * | `too-large` | an event beyond `maxEventSize` |
 * | `unsupported` | a scheme that can never work, no `fetch`, no readable body |
 * | `body-used` | a one-shot body would have to be sent twice |
 * | `gave-up` | `maxAttempts` failures in a row |
 */
export type ErrorCode =
  | 'ended'
  | 'network'
  | 'timeout'
  | 'idle'
  | 'callback'
  | 'status'
  | 'content-type'
  | 'redirect'
  | 'too-large'
  | 'unsupported'
  | 'body-used'
  | 'gave-up'

/** What ended an attempt: the fields of an {@link ErrorEvent}. */
export interface ErrorDetails {
  /** What happened, for people to read. */
  readonly message: string
  /** The cause, if there is one: what `fetch` rejected with, what a callback threw. */
  readonly error: unknown
  /** What happened, for programs to read. */
  readonly code: ErrorCode
  /** The HTTP status of the response, if there was one. */
  readonly status: number | undefined
  /** The headers of the response, if there was one. */
  readonly headers: Headers | undefined
  /** The first 8 KiB of the body of a refused response, decoded as UTF-8. */
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
export class ErrorEvent extends Event implements ErrorDetails {
  declare readonly message: string
  declare readonly error: unknown
  declare readonly code: ErrorCode
  declare readonly status: number | undefined
  declare readonly headers: Headers | undefined
  declare readonly body: string | undefined
  declare readonly attempt: number
  declare readonly willReconnect: boolean
  declare readonly delay: number | undefined

  constructor(type: string, details: ErrorDetails) {
    super(type)
    Object.assign(this, details)
  }
}
