import type { ScannedEvent } from './scan.ts'

/** An event, and the time that it says it is from. */
export interface DatedEvent {
  readonly event: ScannedEvent
  /** Milliseconds since 1970, on the server's clock. */
  readonly date: number
}

const day = 86_400_000

/** How much of an event's data is searched, in characters. */
const searched = 4_096

/** A date of ISO 8601, or seconds or milliseconds since 1970; before it, the name it has in JSON. */
const dates =
  /(?:"([^"\\]{1,40})"\s*:\s*"?)?(?<![\w.])(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)|\d{10}(?:\.\d+)?|\d{13})(?![\w.])/g

function parseDate(text: string): number {
  if (text.includes('T')) return Date.parse(text)
  return text.length === 13 && !text.includes('.') ? Number(text) : Number(text) * 1_000
}

/** Every date in a text that is close to another one, by its name. */
function findDates(text: string, around: number): Map<string, number> {
  const found = new Map<string, number>()
  for (const [, name = '', digits = ''] of text.matchAll(dates)) {
    const date = parseDate(digits)
    if (!found.has(name) && Math.abs(date - around) < day) found.set(name, date)
  }
  return found
}

/**
 * Finds the times at which events were made, where they tell: in their ids or in their data, under the name whose dates
 * differ most. Dates that go back and forth are no such times.
 * @param around about when that was, in ms since 1970
 */
export function findDatedEvents(events: readonly ScannedEvent[], around: number): readonly DatedEvent[] {
  const series = new Map<string, DatedEvent[]>()
  const collect = (place: string, text: string, event: ScannedEvent): void => {
    for (const [name, date] of findDates(text, around)) {
      const key = `${place} ${name}`
      const dated = series.get(key) ?? []
      dated.push({ event, date })
      series.set(key, dated)
    }
  }
  for (const event of events) {
    // In ids of Redis, what follows the date is a number that counts the events of a millisecond.
    collect('id', event.id?.replace(/-\d+$/, '') ?? '', event)
    collect('data', event.data.slice(0, searched), event)
  }
  const different = (dated: readonly DatedEvent[]): number => new Set(dated.map(({ date }) => date)).size
  return [...series.values()]
    .filter(isInOrder)
    .reduce((best, next) => (different(next) > different(best) ? next : best), [])
}

function isInOrder(dated: readonly DatedEvent[]): boolean {
  return dated.every(({ date }, index) => date >= (dated[index - 1]?.date ?? 0))
}
