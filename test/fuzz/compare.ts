import { isDeepStrictEqual } from 'node:util'
import type { ExpectedEvent, Interpretation } from '../../fixtures/streams/event-stream.ts'
import type { ClientObservation } from './observation.ts'

/** The expected observation of a client. */
export interface Expectation {
  readonly events: readonly ExpectedEvent[]
  /** The bytes of the next request's Last-Event-ID header, each as one character. */
  readonly header: string | undefined
  /** The reconnection time in ms; undefined if the stream sets none. */
  readonly reconnectionTime: number | undefined
}

/** A difference between the observation of a client and the expectation. */
export interface Difference {
  readonly aspect: 'events' | 'Last-Event-ID' | 'reconnection time'
  readonly observed: unknown
  readonly expected: unknown
}

export interface Circumstances {
  readonly origin: string
  /** The maximum time in ms that the client was waited for. */
  readonly maxWait: number
  /** The maximum delay in ms of a request. */
  readonly lateness: number
}

/** The default reconnection time of our client in ms. */
const defaultReconnectionTime = 3_000

/** The limits in ms of a browser's own reconnection time, which the standard has "in the region of a few seconds". */
const minDefault = 2_000
const maxDefault = 10_000

/** The maximum difference in ms between a browser's timers and the server's clock. */
const tolerance = 100

export function expectationOf({ events, lastEventId, reconnectionTime }: Interpretation): Expectation {
  return { events, header: headerOf(lastEventId), reconnectionTime }
}

/** Returns the header as a server receives it, without surrounding space. No header can contain NUL. */
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

/** Compares exactly if the client reports the time, and otherwise the time that it took. */
function compareReconnectionTimes(
  { nextRequest, reconnectionTime }: ClientObservation,
  expected: number | undefined,
  { maxWait, lateness }: Circumstances,
): Difference[] {
  const aspect = 'reconnection time'
  if (reconnectionTime !== undefined) {
    const told = Math.min(expected ?? defaultReconnectionTime, 2 ** 31 - 1)
    return reconnectionTime === told ? [] : [{ aspect, observed: reconnectionTime, expected: told }]
  }
  const least = (expected ?? minDefault) - tolerance
  const greatest = (expected ?? maxDefault) + lateness
  const holds =
    nextRequest === undefined ? greatest > maxWait : nextRequest.delay >= least && nextRequest.delay <= greatest
  return holds ? [] : [{ aspect, observed: nextRequest?.delay ?? `over ${maxWait}`, expected }]
}
