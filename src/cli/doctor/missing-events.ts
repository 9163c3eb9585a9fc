import { formatCount, formatDuration, quoteExcerpt } from '../format.ts'
import { contentLines, findContent, readExcerpt } from './body-excerpt.ts'
import type { Observation } from './observation.ts'
import { blankLineFix, dataFix, findStreamFix, isJsonLines } from './stream-fix.ts'
import { findRest, findTrailingContent } from './trailing-content.ts'

/** Why a response brought no event, or none after some event. */
export interface MissingEvents {
  /** What came instead, with the beginning of it quoted. */
  readonly message: string
  readonly fix: string
  /** Whether events are missing for certain. */
  readonly isCertain: boolean
}

/** The maximum number of characters of a body that are quoted. */
const maxQuoted = 80

/**
 * Finds out why a response brought bytes other than comments, but no event; or continued after its last event without
 * another one; or ended without any event. Returns undefined if none of these is the case.
 */
export function explainMissingEvents(observation: Observation): MissingEvents | undefined {
  if (observation.decompressionFailure !== undefined) return undefined
  return observation.stream.events.length > 0 ? explainRest(observation) : explainNoEvent(observation)
}

function explainNoEvent(observation: Observation): MissingEvents | undefined {
  const { body, stream, recording } = observation
  const bytes = formatCount(stream.size, 'byte')
  const offset = findContent(body)
  if (offset === undefined) return explainNoContent(observation)
  const excerpt = readExcerpt(body, offset)
  const fix = findStreamFix(excerpt)
  if (recording.end.kind === 'full' && fix === blankLineFix && isOneEvent(excerpt)) return undefined
  const quoted = quoteExcerpt(excerpt.toString(), maxQuoted)
  if (recording.end.kind === 'time' && isPreamble(excerpt)) {
    // Comments show that what the server sends arrives.
    if (stream.comments.length > 0) return undefined
    return {
      message: `no event in ${formatDuration(recording.duration)}, only ${quoted}`,
      fix: `if there was something to send in this time, ${fix}; otherwise, observe the stream for longer: --seconds 60`,
      isCertain: false,
    }
  }
  const isIncomplete = fix === blankLineFix && stream.states.at(-1)?.after === 'part of a line'
  const addition = isIncomplete ? '; or a proxy holds the rest of the line back' : ''
  return { message: `${bytes}, but no event: ${quoted}`, fix: fix + addition, isCertain: true }
}

/** Explains a body of blank lines, or one that has ended with nothing but comments. */
function explainNoContent({ body, stream, recording }: Observation): MissingEvents | undefined {
  const isEnded = recording.end.kind === 'ended'
  if (stream.size > 0 && stream.comments.length === 0) {
    const excerpt = quoteExcerpt(readExcerpt(body).toString(), maxQuoted)
    return {
      message: `${formatCount(stream.size, 'byte')}, but no event: ${excerpt}`,
      fix: "send each event as 'data: …\\n\\n': a blank line alone is not an event",
      isCertain: true,
    }
  }
  if (!isEnded) return undefined
  return {
    message: 'the response ended without any event',
    fix: 'look for the reason in the log of the server: it ends the response before it sends an event; to end a stream permanently, answer 204',
    isCertain: true,
  }
}

/** Explains what follows the last event. */
function explainRest(observation: Observation): MissingEvents | undefined {
  const { body, stream, recording } = observation
  const rest = findRest(observation)
  if (rest === undefined) return undefined
  const fix = findStreamFix(readExcerpt(body, rest))
  // A reconnection time at the end is not a mistake, and a last event without its blank line is left to another check.
  const isCertain = fix !== blankLineFix && fix !== dataFix
  const offset = isCertain && recording.end.kind === 'ended' ? rest : findTrailingContent(observation)
  if (offset === undefined) return undefined
  const size = formatCount(stream.size - stream.lastEventEnd, 'byte')
  const excerpt = readExcerpt(body, offset)
  return {
    message: `${size} after the last event, but no further event: ${quoteExcerpt(excerpt.toString(), maxQuoted)}`,
    fix,
    // A single line that has not ended may be one large event on a slow network.
    isCertain: fix !== blankLineFix || contentLines(excerpt.toString()).length > 1,
  }
}

/** Whether a text is what a server may send before its first event: an id or a reconnection time, or one of each. */
function isPreamble(bytes: Buffer): boolean {
  const names = contentLines(bytes.toString()).map((line) => line.split(':', 1)[0])
  return names.every((name) => name === 'id' || name === 'retry') && new Set(names).size === names.length
}

/** Whether a text may be the beginning of one large event: a single line of data, or JSON in several lines. */
function isOneEvent(bytes: Buffer): boolean {
  const data = contentLines(bytes.toString()).flatMap((line) => /^data: ?(.*)/.exec(line)?.[1] ?? [])
  return data.length === 1 || (/^\s*[{[]/.test(data[0] ?? '') && !isJsonLines(data))
}
