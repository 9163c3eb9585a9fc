export { EventSource, type EventSourceEventMap } from './event-source.ts'
export {
  type Decoder,
  type EventStream,
  EventStreamError,
  type EventStreamErrorCode,
  type EventStreamErrorDetails,
  type EventStreamInit,
  type EventStreamIterator,
  openEventStream,
  type ServerSentEvent,
  type StandardSchema,
  type StandardSchemaResult,
} from './event-stream/event-stream.ts'
export { type ErrorDetails, ErrorEvent, type ErrorReason } from './events.ts'
export type {
  AttemptContext,
  BodyInit,
  Dispatcher,
  EventSourceInit,
  FetchLike,
  HeadersInit,
  RequestInfo,
  RequestOverrides,
  ResponseInfo,
  RetryContext,
  RetryPolicy,
  TypedMessageEvent,
} from './options/event-source-init.ts'
