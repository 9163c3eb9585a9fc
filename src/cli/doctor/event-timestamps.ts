import type { ScannedEvent } from './stream-scan.ts'

/** An event with the time at which it was created, according to the event itself. */
export interface TimestampedEvent {
  readonly event: ScannedEvent
  /** The time in ms since 1970, by the server's clock. */
  readonly timestamp: number
}

const day = 86_400_000

/** The maximum number of characters of an event's data that are searched. */
const maxSearched = 4_096

/** Matches an ISO 8601 date, or seconds or milliseconds since 1970, with its name if it is a JSON property. */
const timestampPattern =
  /(?:"([^"\\]{1,40})"\s*:\s*"?)?(?<![\w.])(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)|\d{10}(?:\.\d+)?|\d{13})(?![\w.])/g

function parseTimestamp(text: string): number {
  if (text.includes('T')) return Date.parse(text)
  return text.length === 13 && !text.includes('.') ? Number(text) : Number(text) * 1_000
}

/** Returns the timestamps in a text that are within a day of a reference time, by their names. */
function findTimestamps(text: string, reference: number): Map<string, number> {
  const found = new Map<string, number>()
  for (const [, name = '', digits = ''] of text.matchAll(timestampPattern)) {
    const timestamp = parseTimestamp(digits)
    if (!found.has(name) && Math.abs(timestamp - reference) < day) found.set(name, timestamp)
  }
  return found
}

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
      timestamped.push({ event, timestamp })
      series.set(key, timestamped)
    }
  }
  for (const event of events) {
    // In the ids of Redis streams, a sequence number follows the time.
    collect('id', event.id?.replace(/-\d+$/, '') ?? '', event)
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
