import { findTimestamps, removeSequenceNumber } from '../timestamps.ts'
import type { ScannedEvent } from './stream-scan.ts'

/** An event with the time at which it was created, according to the event itself. */
export interface TimestampedEvent {
  readonly event: ScannedEvent
  /** The name of the JSON property with the time; the empty string if there is none. */
  readonly name: string
  /** The time in ms since 1970, by the server's clock. */
  readonly timestamp: number
}

/** The maximum number of characters of an event's data that are searched. */
const maxSearched = 4_096

/**
 * Finds the times at which events were created: in their ids or in their data, under the name with the most different
 * timestamps. A name whose timestamps go back and forth does not count.
 * @param reference the approximate time of the events in ms since 1970
 */
export function findTimestampedEvents(events: readonly ScannedEvent[], reference: number): readonly TimestampedEvent[] {
  const series = new Map<string, TimestampedEvent[]>()
  const collect = (source: string, text: string, event: ScannedEvent): void => {
    for (const [name, timestamp] of findTimestamps(text, reference)) {
      const key = `${source} ${name}`
      const timestamped = series.get(key) ?? []
      timestamped.push({ event, name, timestamp })
      series.set(key, timestamped)
    }
  }
  for (const event of events) {
    collect('id', removeSequenceNumber(event.id ?? ''), event)
    collect('data', event.data.slice(0, maxSearched), event)
  }
  return [...series.values()]
    .filter(isInOrder)
    .reduce((best, next) => (countDifferent(next) > countDifferent(best) ? next : best), [])
}

function countDifferent(events: readonly TimestampedEvent[]): number {
  return new Set(events.map(({ timestamp }) => timestamp)).size
}

function isInOrder(events: readonly TimestampedEvent[]): boolean {
  return events.every(({ timestamp }, index) => timestamp >= (events[index - 1]?.timestamp ?? 0))
}
