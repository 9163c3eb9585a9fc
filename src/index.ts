export { EventSource, type EventSourceEventMap, type TypedMessageEvent } from './event-source.ts'
export type { Decoder, StandardSchema, StandardSchemaResult } from './event-stream/decoder.ts'
export type { EventStream, EventStreamIterator, ServerSentEvent } from './event-stream/event-stream.ts'
export {
  EventStreamError,
  type EventStreamErrorCode,
  type EventStreamErrorDetails,
} from './event-stream/event-stream-error.ts'
export type { EventStreamInit } from './event-stream/event-stream-init.ts'
export { openEventStream } from './event-stream/open-event-stream.ts'
export { type ErrorCode, type ErrorDetails, ErrorEvent } from './events.ts'
export type {
  AttemptContext,
  BodyInit,
  Dispatcher,
  EventSourceInit,
  Fetch,
  HeadersInit,
  RequestInfo,
  ResponseInfo,
  RetryContext,
  RetryPolicy,
} from './options/event-source-init.ts'
