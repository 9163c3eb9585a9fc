import { isDeepStrictEqual } from 'node:util'
import type { ExpectedEvent, Interpretation } from '../../fixtures/streams/event-stream.ts'
import type { ClientObservation } from './observation.ts'

/** What must be seen of a client. */
export interface Expectation {
  readonly events: readonly ExpectedEvent[]
  /** The bytes of the next request's Last-Event-ID header, each as one character. */
  readonly header: string | undefined
  /** In ms; undefined where the stream sets none. */
  readonly reconnectionTime: number | undefined
}

/** What a client did otherwise than expected. */
export interface Difference {
  readonly aspect: 'events' | 'Last-Event-ID' | 'reconnection time'
  readonly observed: unknown
  readonly expected: unknown
}

export interface Circumstances {
  readonly origin: string
  /** How long the client was waited for, in ms. */
  readonly patience: number
  /** How many ms late a request may come. */
  readonly lateness: number
}

/** Of our own. */
const defaultReconnectionTime = 3_000

/** The standard has a browser's own reconnection time "in the region of a few seconds"; in ms. */
const leastDefault = 2_000
const greatestDefault = 10_000

/** How far a browser's timers may be from the server's clock, in ms. */
const tolerance = 100

export function expectationOf({ events, lastEventId, reconnectionTime }: Interpretation): Expectation {
  return { events, header: headerOf(lastEventId), reconnectionTime }
}

/** The header as a server sees it, without the space around the value. No header can hold NUL. */
function headerOf(lastEventId: string): string | undefined {
  if (lastEventId === '' || lastEventId.includes('\0')) return undefined
  const bytes = Buffer.from(lastEventId).toString('latin1')
  return bytes.replace(/^[\t ]+|[\t ]+$/g, '')
}

export function compare(
  observed: ClientObservation,
  expected: Expectation,
  circumstances: Circumstances,
): Difference[] {
  const differences: Difference[] = []
  const events = expected.events.map((event) => ({ ...event, origin: circumstances.origin }))
  if (!isDeepStrictEqual(observed.events, events)) {
    differences.push({ aspect: 'events', observed: observed.events, expected: events })
  }
  const { nextRequest } = observed
  if (nextRequest !== undefined && nextRequest.lastEventId !== expected.header) {
    differences.push({ aspect: 'Last-Event-ID', observed: nextRequest.lastEventId, expected: expected.header })
  }
  return [...differences, ...compareReconnectionTimes(observed, expected.reconnectionTime, circumstances)]
}

/** Exact where the client tells the time; otherwise by the time that it took. */
function compareReconnectionTimes(
  { nextRequest, reconnectionTime }: ClientObservation,
  expected: number | undefined,
  { patience, lateness }: Circumstances,
): Difference[] {
  const aspect = 'reconnection time'
  if (reconnectionTime !== undefined) {
    const told = Math.min(expected ?? defaultReconnectionTime, 2 ** 31 - 1)
    return reconnectionTime === told ? [] : [{ aspect, observed: reconnectionTime, expected: told }]
  }
  const least = (expected ?? leastDefault) - tolerance
  const greatest = (expected ?? greatestDefault) + lateness
  const holds =
    nextRequest === undefined ? greatest > patience : nextRequest.delay >= least && nextRequest.delay <= greatest
  return holds ? [] : [{ aspect, observed: nextRequest?.delay ?? `over ${patience}`, expected }]
}
