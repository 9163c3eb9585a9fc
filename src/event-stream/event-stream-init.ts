import type { ErrorDetails } from '../events.ts'
import type { EventSourceInit } from '../options/event-source-init.ts'
import type { ServerSentEvent } from './event-stream.ts'
import type { EventStreamError } from './event-stream-error.ts'

/** The type of a method, so that EventSource's options, whose `onEvent` takes a MessageEvent, are assignable. */
type EventCallback = { onEvent(event: ServerSentEvent): void }['onEvent']

/** The options of {@link openEventStream}: those of EventSource, and additional ones. All are optional. */
export interface EventStreamInit extends EventSourceInit {
  /**
   * A signal that ends the stream immediately when it is aborted: the iteration throws the signal's reason.
   * @default undefined
   */
  signal?: AbortSignal | undefined
  /**
   * The number of events that may wait for the consumer; at least 1. Once that many wait, nothing is read from the network
   * until the consumer has taken some; events that arrived in the same chunk as the last of them are kept. An event counts
   * once more for every 4,096 characters of its data, which also limits the memory.
   * @default 64
   */
  highWaterMark?: number | undefined
  /**
   * A function that returns true for the event that ends the stream: `({ data }) => data === '[DONE]'`. It is
   * called as events arrive, before `decode`. The event itself is not delivered; the events before it are. If it throws,
   * the stream ends there: the iteration throws the same error, after the earlier events. If the stream ends permanently
   * without that event, the iteration throws an {@link EventStreamError} with reason `incomplete`.
   * @default undefined
   */
  until?: ((event: ServerSentEvent) => boolean) | undefined
  /**
   * What happens to a last event that lacks its blank line when the response ends cleanly: 'discard', as the standard
   * requires, or 'deliver'.
   * @default 'discard'
   */
  unterminated?: 'discard' | 'deliver' | undefined
  /**
   * Called with every event as it arrives, before `until` and `decode`.
   * @default undefined
   */
  onEvent?: EventCallback | undefined
  /**
   * What happens to an event for which `decode` fails: 'throw' ends the stream with an {@link EventStreamError}; 'skip'
   * calls `onSkip`, and the stream continues with the next event.
   * @default 'throw'
   */
  onDecodeError?: 'throw' | 'skip' | undefined
  /**
   * Called for every skipped event, with the error that would have been thrown.
   * @default undefined
   */
  onSkip?: ((error: EventStreamError) => void) | undefined
  /**
   * Called when the connection is interrupted and will be reestablished, after `delay` ms.
   * @default undefined
   */
  onInterruption?: ((interruption: ErrorDetails) => void) | undefined
  /**
   * Whether to reconnect after a clean end of the response, instead of ending the stream.
   * @default true for GET, false for any other method
   */
  reconnectOnEnd?: boolean | undefined
}
