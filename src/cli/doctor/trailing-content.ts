import { contentLines, findContent } from './body-excerpt.ts'
import type { Observation } from './observation.ts'
import { maximum } from './pauses.ts'
import type { Arrival } from './recording.ts'

/** The minimum number of writes after the last event. The first may be an event that is not complete yet. */
const minWrites = 3

/** The minimum pause in ms before a write in the middle of a line, as opposed to a packet of the network. */
const minPause = 250

/**
 * Returns the offset at which content begins that continues after the last event without becoming an event: in several
 * writes, and for longer than events were apart before.
 */
export function findTrailingContent({ body, stream, recording }: Observation): number | undefined {
  const last = stream.events.at(-1)
  if (!last) return undefined
  const gaps = stream.events.slice(1).map(({ at }, index) => at - (stream.events[index]?.at ?? 0))
  const writes = findWrites(body, stream.lastEventEnd)
  const isLong = (writes.at(-1)?.at ?? 0) - last.at > 2 * maximum(gaps)
  if (recording.end.kind === 'full' || writes.length < minWrites || !isLong) return undefined
  return findContent(body, stream.lastEventEnd)
}

/** Returns the arrivals after an offset that begin something new and have other content than comments. */
function findWrites(body: readonly Arrival[], offset: number): readonly Arrival[] {
  let position = 0
  return body.filter(({ at, bytes }, index) => {
    const start = position
    position += bytes.length
    if (start < offset) return false
    const text = bytes.subarray(0, 1_000).toString()
    const previous = body[index - 1]
    const isNewLine = /[\r\n]/.test(previous?.bytes.subarray(-1).toString() ?? '\n')
    const isNew = isNewLine || at - (previous?.at ?? 0) >= minPause || /^\W*(data|event|id|retry)\s*:/i.test(text)
    return isNew && contentLines(text).length > 0
  })
}

/** Returns the offset of the content after the last event, however little it is. */
export function findRest({ body, stream }: Observation): number | undefined {
  return stream.events.length > 0 ? findContent(body, stream.lastEventEnd) : undefined
}
