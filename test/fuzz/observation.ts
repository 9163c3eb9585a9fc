import type { ExpectedEvent } from '../../fixtures/streams/event-stream.ts'

/** A stream that the page receives with its native EventSource and with ours. */
export interface Job {
  readonly number: number
  /** The types of events to listen for. */
  readonly types: readonly string[]
  /** The maximum time in ms until a client reconnects; then it is closed. */
  readonly maxWait: number
}

export interface SeenEvent extends ExpectedEvent {
  readonly origin: string
}

/** The events of a stream in one client of the page. */
export interface Reception {
  readonly events: readonly SeenEvent[]
  /** The reconnection time in ms, if the client reports it. */
  readonly reconnectionTime?: number | undefined
}

export interface JobReport {
  readonly number: number
  readonly native: Reception
  readonly ours: Reception
}

/** The request of a client after the end of the stream. */
export interface NextRequest {
  /** The bytes of its Last-Event-ID header, each as one character; undefined if it had none. */
  readonly lastEventId: string | undefined
  /** The time in ms from the end of the stream to the request. */
  readonly delay: number
}

/** The complete observation of a client, by the page and by the server. */
export interface ClientObservation extends Reception {
  /** The next request; undefined if there was none in time. */
  readonly nextRequest: NextRequest | undefined
}

export type ClientName = 'native' | 'ours'

export type Observation = Readonly<Record<ClientName, ClientObservation>>
