export { EventSource, type EventSourceEventMap, type TypedMessageEvent } from './event-source.ts'
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
