import { defineProperty } from '../define-property.ts'
import { describeError } from '../error-message.ts'
import type { ErrorDetails, ErrorReason } from '../events.ts'
import type { ServerSentEvent } from './event-stream.ts'

/** The maximum length of the data that an error keeps, in characters. */
const maxErrorData = 8_192

/**
 * One of ErrorEvent's reasons; `decode`, if the data of an event could not be decoded; or `incomplete`, if the stream
 * ended permanently without the event for which `until` returns true.
 */
export type EventStreamErrorReason = ErrorReason | 'decode' | 'incomplete'

/** The fields of an {@link EventStreamError}, which its constructor takes. */
export interface EventStreamErrorDetails extends Partial<Omit<ErrorDetails, 'reason'>> {
  readonly reason: EventStreamErrorReason
  readonly data?: string | undefined
  readonly lastEventId?: string | undefined
}

/** The error that an iteration throws when the connection fails permanently, or when an event cannot be decoded. */
export class EventStreamError extends Error {
  /** What happened, as a word for programs: one of ErrorEvent's reasons, `decode` or `incomplete`. */
  declare readonly reason: EventStreamErrorReason
  /** The HTTP status of a response that was refused; undefined for any other reason. */
  declare readonly status: number | undefined
  /** The headers of that response. */
  declare readonly headers: Headers | undefined
  /** The first 8 KiB of the body of that response, decoded as UTF-8. */
  declare readonly body: string | undefined
  /** The number of the attempt that failed; 1 is the first. Undefined with `decode`. */
  declare readonly attempt: number | undefined
  /**
   * What `fetch` rejected with, or what a callback, `decode` or `JSON.parse` threw; for a schema, an Error with the
   * schema's `issues`. Undefined if the response alone is the reason.
   */
  declare readonly cause: unknown
  /** With `decode`: the first 8,192 characters of the event's data, not decoded. */
  declare readonly data: string | undefined
  /** With `decode`: the last event ID as of that event; a stream opened with this `lastEventId` begins after the event. */
  declare readonly lastEventId: string | undefined

  constructor({ message, error: cause, code: _, willReconnect: __, delay: ___, ...fields }: EventStreamErrorDetails) {
    super(message, { cause })
    Object.assign(this, fields)
  }
}

// Minifiers rename classes. Not by an assignment, which fails if Error.prototype is frozen.
defineProperty(EventStreamError.prototype, 'name', {
  value: 'EventStreamError',
  writable: true,
  configurable: true,
})

/** The error for an event that cannot be decoded. */
export function createDecodeError(event: ServerSentEvent, cause: unknown): EventStreamError {
  return new EventStreamError({
    ...event,
    reason: 'decode',
    message: `decode: ${describeError(cause)}`,
    error: cause,
    data: event.data.slice(0, maxErrorData),
  })
}
