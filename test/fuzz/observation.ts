import type { ExpectedEvent } from '../../fixtures/streams/event-stream.ts'

/** A stream that the page listens to with its native EventSource and with ours. */
export interface Job {
  readonly number: number
  /** The types of events to listen for. */
  readonly types: readonly string[]
  /** How long a client may wait before it connects anew, in ms; then it is closed. */
  readonly patience: number
}

export interface SeenEvent extends ExpectedEvent {
  readonly origin: string
}

/** What a client in the page made of a stream. */
export interface Reception {
  readonly events: readonly SeenEvent[]
  /** The reconnection time in ms, where the client tells. */
  readonly reconnectionTime?: number | undefined
}

export interface JobReport {
  readonly number: number
  readonly native: Reception
  readonly ours: Reception
}

/** The request that a client made after the stream had ended. */
export interface NextRequest {
  /** The bytes of its Last-Event-ID header, each as one character; undefined if it had none. */
  readonly lastEventId: string | undefined
  /** How many ms after the end of the stream it came. */
  readonly delay: number
}

/** All that can be seen of a client, in the page and by the server. */
export interface ClientObservation extends Reception {
  /** Undefined if there was none while the client was waited for. */
  readonly nextRequest: NextRequest | undefined
}

export type ClientName = 'native' | 'ours'

export type Observation = Readonly<Record<ClientName, ClientObservation>>
