export { EventSource, type EventSourceConstructor, type EventSourceEventMap } from './event-source.ts'
export type { Decoder, StandardSchema, StandardSchemaResult } from './event-stream/decoder.ts'
export type { EventStream, EventStreamIterator, ServerSentEvent } from './event-stream/event-stream.ts'
export {
  EventStreamError,
  type EventStreamErrorDetails,
  type EventStreamErrorReason,
} from './event-stream/event-stream-error.ts'
export type { EventStreamInit } from './event-stream/event-stream-init.ts'
export { openEventStream } from './event-stream/open-event-stream.ts'
export { type ErrorDetails, ErrorEvent, type ErrorReason } from './events.ts'
export type {
  AttemptContext,
  BodyInit,
  Dispatcher,
  EventSourceFetchInit,
  EventSourceInit,
  FetchLike,
  FetchLikeInit,
  FetchLikeResponse,
  HeadersInit,
  ReaderLike,
  RequestInfo,
  RequestOverrides,
  ResponseInfo,
  RetryContext,
  RetryPolicy,
  TypedMessageEvent,
} from './options/event-source-init.ts'
export type {
  AddEventListenerOptions,
  EventListener,
  EventListenerObject,
  EventListenerOptions,
  EventListenerOrEventListenerObject,
} from './platform/dom-types.ts'
