import { formatCount, formatDuration } from '../format.ts'
import { findTimestampedEvents, type TimestampedEvent } from './event-timestamps.ts'
import type { Observation } from './observation.ts'
import { findLongPauses, maximum, splitsLine } from './pauses.ts'
import type { ScannedEvent } from './stream-scan.ts'

/** Evidence that events do not arrive when they are sent. */
export interface DeliveryDelay {
  /** Whether the evidence rules out that the server itself sends the events like that. */
  readonly isCertain: boolean
  readonly message: string
}

/** The minimum delay in ms that matters. */
const minDelay = 250

/** Looks for evidence that a proxy or a compressor collects events and passes them on later. */
export function findDeliveryDelay(observation: Observation): DeliveryDelay | undefined {
  const splitLines = findSplitLines(observation)
  if (splitLines?.isCertain) return splitLines
  return findLateEvents(observation) ?? splitLines ?? findBursts(observation) ?? findLateStart(observation)
}

/**
 * Finds lines that are split by pauses. A buffer that is passed on when it is full splits them anywhere. A slow network
 * does so, too, but not in pieces of equal size.
 */
function findSplitLines(observation: Observation): DeliveryDelay | undefined {
  const pauses = findLongPauses(observation)
  const splits = pauses.filter(splitsLine)
  const longest = maximum(splits.map(({ length }) => length))
  if (splits.length < 2 || splits.length < pauses.length / 2 || longest < minDelay) return undefined
  const size = findPieceSize(observation)
  const pieces = size === undefined ? 'in pieces' : `in pieces of ${formatCount(size, 'byte')}`
  const count = `${splits.length} of ${formatCount(pauses.length, 'pause')}`
  const message = `the stream arrives ${pieces}: ${count}, up to ${formatDuration(longest)} long, split a line`
  return { isCertain: size !== undefined, message }
}

/** The minimum size of a buffer in bytes. */
const minBufferSize = 256

/** Returns the size in bytes that most pieces have, or a multiple of it; a piece ends at a long pause. */
function findPieceSize(observation: Observation): number | undefined {
  const ends = new Set(findLongPauses(observation).map(({ at }) => at))
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
  const [[mostFrequent] = [0]] = [...counts].sort(([, one], [, other]) => other - one)
  const multiples = sizes.filter((each) => each % mostFrequent === 0)
  return mostFrequent >= minBufferSize && multiples.length > sizes.length / 2 ? mostFrequent : undefined
}

/** Finds events that were created at different times, according to themselves, but arrive at one time. */
function findLateEvents({ stream, recording }: Observation): DeliveryDelay | undefined {
  const timestamped = findTimestampedEvents(stream.events, recording.date)
  // The difference between the clocks is at most that of the fastest event, which took no time.
  const clockDifference = timestamped.reduce(
    (min, { event, timestamp }) => Math.min(min, event.at - timestamp),
    Infinity,
  )
  const sent = Math.max(0, requestTimeOnServer(recording) + clockDifference)
  // Events from before the request may well be sent all at once.
  const live = timestamped.filter(({ timestamp }) => timestamp + clockDifference >= sent)
  const resolution = live.every(({ timestamp }) => timestamp % 1_000 === 0) ? 1_000 : 1
  const maxGap = timeSpan(live) / (live.length - 1) / 10
  const groups = groupByArrival(live, maxGap)
  const spans = groups.map((events) => Math.max(0, timeSpan(events) - resolution))
  const longest = maximum(spans)
  const sum = spans.reduce((one, other) => one + other, 0)
  if (live.length < 3 || longest < minDelay || sum < timeSpan(live) / 2) return undefined
  const group = groups[spans.indexOf(longest)] ?? []
  const events = formatCount(group.length, 'event')
  const created = `by their timestamps created over ${formatDuration(timeSpan(group))}`
  const message = `events arrive late and together: ${events}, ${created}, arrived at one time`
  return { isCertain: !mayBeBatches(groups, longest), message }
}

/** The maximum time in ms that the regular batches of a server probably span. */
const maxBatchSpan = 2_000

/** Whether the server itself may collect events, such as the samples of a sensor, and send them together. */
function mayBeBatches(groups: readonly (readonly TimestampedEvent[])[], longest: number): boolean {
  const name = groups[0]?.[0]?.name ?? ''
  if (/sent|send|publish|emit|deliver/i.test(name)) return false
  if (/sampl|measur|record|observ|captur|taken|occur/i.test(name)) return true
  // The first and the last batch may be incomplete.
  const [size, ...others] = groups.slice(1, -1).map((events) => events.length)
  return longest <= maxBatchSpan && others.length > 0 && others.every((other) => other === size)
}

/** The time in ms between the first and the last event. */
function timeSpan(events: readonly TimestampedEvent[]): number {
  return (events.at(-1)?.timestamp ?? 0) - (events[0]?.timestamp ?? 0)
}

/** Groups events that arrived within `maxGap` ms of each other. */
function groupByArrival(events: readonly TimestampedEvent[], maxGap: number): readonly (readonly TimestampedEvent[])[] {
  const groups: TimestampedEvent[][] = []
  for (const timestamped of events) {
    const group = groups.at(-1)
    if (group && timestamped.event.at - (group.at(-1)?.event.at ?? 0) <= maxGap) group.push(timestamped)
    else groups.push([timestamped])
  }
  return groups
}

/** The earliest time at which the request may have been sent, by the server's clock, in ms since 1970. */
function requestTimeOnServer({ head }: Observation['recording']): number {
  const date = Date.parse(head?.headers.date ?? '')
  // The Date header has a resolution of one second.
  return head && date ? date - head.at - 1_000 : Number.NEGATIVE_INFINITY
}

/** Finds events that arrive in bursts, with nothing in between. The server itself may send them like that. */
function findBursts({ stream, recording }: Observation): DeliveryDelay | undefined {
  const { events } = stream
  const gaps = events.slice(1).map(({ at }, index) => at - (events[index]?.at ?? 0))
  const longest = maximum(gaps)
  const isShort = (gap: number): boolean => gap <= 0.05 * longest
  const isLong = (gap: number): boolean => gap >= 0.15 * longest
  if (longest < minDelay || gaps.filter((gap) => !isShort(gap) && !isLong(gap)).length > 0.1 * gaps.length) {
    return undefined
  }
  const bursts: ScannedEvent[][] = [[]]
  for (const [index, event] of events.entries()) {
    if (index > 0 && !isShort(gaps[index - 1] ?? 0)) bursts.push([])
    bursts.at(-1)?.push(event)
  }
  // The first events may be those that the client had missed.
  const later = bursts.filter(([first]) => first && first.at > recording.duration / 10)
  const count = later.reduce((sum, burst) => sum + burst.length, 0)
  if (later.length < 2 || count < 3 * later.length) return undefined
  const bursty = `${formatCount(count, 'event')} in ${formatCount(later.length, 'burst')}`
  return { isCertain: false, message: `events arrive in bursts: ${bursty}, up to ${formatDuration(longest)} apart` }
}

/** The minimum time in ms after which the head of a response is late. */
const lateHeadTime = 2_000

/** Finds a late head that arrived together with the first event. */
function findLateStart({ stream, recording }: Observation): DeliveryDelay | undefined {
  const { head } = recording
  const [first] = stream.events
  if (!head || head.at < lateHeadTime || !first || first.at - head.at > 0.1 * head.at) return undefined
  const together = stream.events.filter(({ at }) => at - head.at <= 0.1 * head.at)
  const events = formatCount(together.length, 'event')
  const message = `nothing arrived for ${formatDuration(head.at)}, then the response headers together with ${events}`
  return { isCertain: false, message }
}
