import { formatCount, quoteExcerpt } from '../format.ts'
import { contentLines, findContent, readExcerpt } from './body-excerpt.ts'
import { findEncodingMistake } from './encoding-mistakes.ts'
import { findForeignText } from './foreign-text.ts'
import { findLineMistake } from './line-mistakes.ts'
import type { Observation } from './observation.ts'
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
 * Finds out why a response brought bytes other than comments, but no event; or went on after its last event without
 * another one; or ended without any event. Returns undefined if none of this is so.
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
  const fix = findFix(excerpt)
  if (recording.end.kind === 'full' && fix === blankLineFix && isOneEvent(excerpt)) return undefined
  const lines = contentLines(excerpt.toString())
  const isPreamble = recording.end.kind === 'time' && lines.length <= 2 && lines.every(isIdOrRetry)
  const isIncomplete = fix === blankLineFix && stream.states.at(-1)?.after === 'part of a line'
  const remark = isIncomplete ? '; or a proxy holds the rest of the line back' : ''
  return {
    message: `${bytes}, but no event: ${quoteExcerpt(excerpt.toString(), maxQuoted)}`,
    fix: isPreamble
      ? `${fix}; if there was nothing to send, observe the stream for longer: --seconds 60`
      : fix + remark,
    isCertain: !isPreamble,
  }
}

/** Explains a body of blank lines, or one that has ended with nothing but comments. */
function explainNoContent({ body, stream, recording }: Observation): MissingEvents | undefined {
  const isEnded = recording.end.kind === 'ended'
  if (stream.size > 0 && stream.comments.length === 0) {
    const excerpt = quoteExcerpt(readExcerpt(body).toString(), maxQuoted)
    return {
      message: `${formatCount(stream.size, 'byte')}, but no event: ${excerpt}`,
      fix: "send each event as 'data: …\\n\\n': a blank line alone is no event",
      isCertain: true,
    }
  }
  if (!isEnded) return undefined
  return {
    message: 'the response ended without any event',
    fix: 'look for the reason in the log of the server: it ends the response before it sends an event; to end a stream for good, answer 204',
    isCertain: true,
  }
}

/** Explains what follows the last event. */
function explainRest(observation: Observation): MissingEvents | undefined {
  const { body, stream, recording } = observation
  const rest = findRest(observation)
  if (rest === undefined) return undefined
  const fix = findFix(readExcerpt(body, rest))
  // A last reconnection time is no mistake, and another check is about a last event without its blank line.
  const isCertain = fix !== blankLineFix && fix !== dataFix
  const offset = isCertain && recording.end.kind === 'ended' ? rest : findTrailingContent(observation)
  if (offset === undefined) return undefined
  const size = formatCount(stream.size - stream.lastEventEnd, 'byte')
  const excerpt = readExcerpt(body, offset)
  return {
    message: `${size} after the last event, but no further event: ${quoteExcerpt(excerpt.toString(), maxQuoted)}`,
    fix,
    isCertain: true,
  }
}

/** Returns the fix for the most specific cause. */
function findFix(bytes: Buffer): string {
  const text = bytes.toString()
  const lines = contentLines(text)
  const mistake = findEncodingMistake(bytes) ?? findForeignText(text)
  if (mistake !== undefined) return mistake
  for (const line of lines) {
    const fix = findLineMistake(line)
    if (fix !== undefined) return fix
  }
  if (isJsonLines(lines)) {
    return "this is JSON, not a stream of events: begin each line with data:, and end it with a blank line: 'data: {…}\\n\\n'"
  }
  if (lines.some((line) => line.startsWith('data:'))) return blankLineFix
  if (lines.every(isIdOrRetry)) return dataFix
  if (lines.every((line) => /^(event|id|retry)(:|$)/.test(line))) {
    return "add a data: line to each event: clients ignore an event without one, so send at least 'data:\\n'"
  }
  return "send each event as 'data: …\\n\\n': clients ignore lines with other fields"
}

/** The fix for ids and reconnection times without any data. */
const dataFix =
  'add a data: line to each event: without one, clients store the id and the reconnection time, and dispatch no event'

/** The fix for data whose blank line is missing, or late. */
export const blankLineFix =
  "end every event with a blank line, in the same write: 'data: …\\n\\n'; clients dispatch an event only at its blank line"

function isIdOrRetry(line: string): boolean {
  return /^(id|retry)(:|$)/.test(line)
}

/** Whether a text may be the beginning of one large event: a single line of data, or JSON in several lines. */
function isOneEvent(bytes: Buffer): boolean {
  const data = contentLines(bytes.toString()).flatMap((line) => /^data: ?(.*)/.exec(line)?.[1] ?? [])
  return data.length === 1 || (/^\s*[{[]/.test(data[0] ?? '') && !isJsonLines(data))
}

/** Whether the first line is a JSON object or array. */
export function isJsonLines(lines: readonly string[]): boolean {
  const [first = ''] = lines
  if (!/^\s*[{[]/.test(first)) return false
  try {
    JSON.parse(first)
    return true
  } catch {
    return false
  }
}
