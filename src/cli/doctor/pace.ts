import { findDatedEvents } from './event-time.ts'
import type { Observation } from './observation.ts'
import type { Rest, ScannedEvent } from './scan.ts'
import { amount, time } from './wording.ts'

/** A time in which nothing came, after something had. */
export interface Pause extends Rest {
  /** Milliseconds. */
  readonly length: number
  /** The byte that came after it; undefined if none did. */
  readonly next: number | undefined
}

/** A pause of at least this share of the longest one is a long one; others come from how writes are cut into packets. */
const longShare = 0.25

/** The greatest of them and of 0; there may be more than a function takes arguments. */
export function greatest(numbers: readonly number[]): number {
  return numbers.reduce((one, other) => Math.max(one, other), 0)
}

/** The pauses between the writes of a server, as opposed to those within them. */
export function longPauses({ body, stream, recording }: Observation): readonly Pause[] {
  const { end, duration } = recording
  const pauses = stream.rests.flatMap((rest, index): Pause[] => {
    const next = body[index + 1]
    if (next) return [{ ...rest, length: next.at - rest.at, next: next.bytes[0] }]
    return end.kind === 'time' ? [{ ...rest, length: duration - rest.at, next: undefined }] : []
  })
  const longest = greatest(pauses.map(({ length }) => length))
  return pauses.filter(({ length }) => length > 0 && length >= longShare * longest)
}

/** Whether the writer stopped in the middle of a line, which no server does, to go on with it after the pause. */
export function isTorn({ position, next }: Pause): boolean {
  return position === 'in line' && next !== undefined && next !== 10 && next !== 13
}

/** That events do not arrive as they are sent, and what shows it. */
export interface Delay {
  /** Or the server itself may send them like that. */
  readonly isCertain: boolean
  readonly seen: string
}

/** Shorter delays are no harm, in ms. */
const harmlessDelay = 250

/** Looks for signs that something on the way collects events and passes them on later. */
export function findDelay(observation: Observation): Delay | undefined {
  const torn = findTornLines(observation)
  if (torn?.isCertain) return torn
  return findLateEvents(observation) ?? torn ?? findClumps(observation) ?? findLateStart(observation)
}

/** Who fills a buffer before passing it on cuts lines anywhere. So does a network that is too slow, but in no sizes of its own. */
function findTornLines(observation: Observation): Delay | undefined {
  const pauses = longPauses(observation)
  const torn = pauses.filter(isTorn)
  const longest = greatest(torn.map(({ length }) => length))
  if (torn.length < 2 || torn.length < pauses.length / 2 || longest < harmlessDelay) return undefined
  const size = usualSize(observation)
  const pieces = size === undefined ? 'in pieces' : `in pieces of ${amount(size, 'byte')}`
  const seen = `the stream comes ${pieces}: of ${amount(pauses.length, 'pause')}, up to ${time(longest)} long, ${torn.length} began in the middle of a line`
  return { isCertain: size !== undefined, seen }
}

/** No buffer is smaller, in bytes. */
const smallestBuffer = 256

/** The size in bytes of which most pieces are, or a multiple of it; a piece is what comes between two long pauses. */
function usualSize(observation: Observation): number | undefined {
  const ends = new Set(longPauses(observation).map(({ at }) => at))
  const sizes: number[] = []
  let size = 0
  for (const { at, bytes } of observation.recording.body) {
    size += bytes.length
    if (!ends.has(at)) continue
    sizes.push(size)
    size = 0
  }
  const counts = new Map<number, number>()
  for (const each of sizes) counts.set(each, (counts.get(each) ?? 0) + 1)
  const [[usual] = [0]] = [...counts].sort(([, one], [, other]) => other - one)
  const multiples = sizes.filter((each) => each % usual === 0)
  return usual >= smallestBuffer && multiples.length > sizes.length / 2 ? usual : undefined
}

/** Events that say when they were made, at different times, and yet arrive at one time. */
function findLateEvents({ stream, recording }: Observation): Delay | undefined {
  const dated = findDatedEvents(stream.events, recording.date)
  // No more than this can be known of the difference of the clocks: the quickest event took no time.
  const difference = dated.reduce((least, { event, date }) => Math.min(least, event.at - date), Infinity)
  const sent = Math.max(0, sentOnServersClock(recording) + difference)
  // What was made before the request is sent all at once by rights.
  const live = dated.filter(({ date }) => date + difference >= sent)
  const span = (events: typeof live): number => (events.at(-1)?.date ?? 0) - (events[0]?.date ?? 0)
  const resolution = live.every(({ date }) => date % 1_000 === 0) ? 1_000 : 1
  const longestApart = span(live) / (live.length - 1) / 10
  const together: (typeof live)[] = []
  for (const event of live) {
    const last = together.at(-1)
    if (last && event.event.at - (last.at(-1)?.event.at ?? 0) <= longestApart) last.push(event)
    else together.push([event])
  }
  const spans = together.map((events) => Math.max(0, span(events) - resolution))
  const longest = greatest(spans)
  const sum = spans.reduce((one, other) => one + other, 0)
  if (live.length < 3 || longest < harmlessDelay || sum < span(live) / 2) return undefined
  const clump = together[spans.indexOf(longest)] ?? []
  const seen = `events come late and together: ${amount(clump.length, 'event')} that were made over ${time(span(clump))}, as they say themselves, arrived at one time`
  return { isCertain: true, seen }
}

/** When the request was sent, on the clock by which the response is dated, in ms since 1970. */
function sentOnServersClock({ head }: Observation['recording']): number {
  const date = Date.parse(head?.headers.date ?? '')
  // The header tells whole seconds.
  return head && date ? date - head.at - 1_000 : Number.NEGATIVE_INFINITY
}

/** Events that come in the same few moments, with nothing in between. The server may send them like that. */
function findClumps({ stream, recording }: Observation): Delay | undefined {
  const { events } = stream
  const gaps = events.slice(1).map(({ at }, index) => at - (events[index]?.at ?? 0))
  const longest = greatest(gaps)
  const isShort = (gap: number): boolean => gap <= 0.05 * longest
  const isLong = (gap: number): boolean => gap >= 0.15 * longest
  if (longest < harmlessDelay || gaps.filter((gap) => !isShort(gap) && !isLong(gap)).length > 0.1 * gaps.length) {
    return undefined
  }
  const clumps: ScannedEvent[][] = [[]]
  for (const [index, event] of events.entries()) {
    if (index > 0 && !isShort(gaps[index - 1] ?? 0)) clumps.push([])
    clumps.at(-1)?.push(event)
  }
  // What comes at the very beginning may be what was missed before.
  const later = clumps.filter(([first]) => first && first.at > recording.duration / 10)
  const count = later.reduce((sum, clump) => sum + clump.length, 0)
  if (later.length < 2 || count < 3 * later.length) return undefined
  const seen = `events come in clumps: ${amount(count, 'event')} in ${later.length} moments, up to ${time(longest)} apart`
  return { isCertain: false, seen }
}

/** So long a time for the head of a response is long, in ms. */
const lateHead = 2_000

/** A head that comes only when there is something to go with it. */
function findLateStart({ stream, recording }: Observation): Delay | undefined {
  const { head } = recording
  const [first] = stream.events
  if (!head || head.at < lateHead || !first || first.at - head.at > 0.1 * head.at) return undefined
  const together = stream.events.filter(({ at }) => at - head.at <= 0.1 * head.at)
  const seen = `nothing came for ${time(head.at)}, and then the head together with ${amount(together.length, 'event')}`
  return { isCertain: false, seen }
}
