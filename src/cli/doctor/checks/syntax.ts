import { formatCount, formatDuration, quoteExcerpt } from '../../format.ts'
import { readExcerpt } from '../body-excerpt.ts'
import { type CheckResult, fail, ok, skip, warn } from '../check-result.ts'
import type { Examination } from '../examination.ts'
import { findForeignText } from '../foreign-text.ts'
import { findLineMistake } from '../line-mistakes.ts'
import { explainMissingEvents } from '../missing-events.ts'
import { findLongPauses, maximum, splitsLine } from '../pauses.ts'
import { blankLineFix } from '../stream-fix.ts'
import type { ScannedEvent, ScannedField, StreamPosition } from '../stream-scan.ts'

function formatPosition({ offset, line }: StreamPosition): string {
  return `line ${line}, byte ${offset.toLocaleString('en-US')}`
}

/** The minimum time in ms for which data waits for its blank line, as opposed to the next packet of the network. */
const minWait = 50

export function checkBlankLine({ main }: Examination): CheckResult {
  const { stream, recording } = main
  const fix = blankLineFix
  const last = stream.states.at(-1)
  if (!last) return skip('no bytes arrived')
  if (explainMissingEvents(main)) return skip('see events')
  if (recording.end.kind === 'ended' && last.hasPendingData) {
    return fail('the stream ended without a blank line after its last data, which is lost', fix)
  }
  if (recording.end.kind === 'full') return skip('too many bytes arrived to measure pauses')
  const pauses = findLongPauses(main)
  const waits = pauses.filter((pause) => pause.hasPendingData && !splitsLine(pause))
  const longestWait = maximum(waits.map(({ length }) => length))
  if (longestWait < minWait || waits.length < pauses.length / 2) return ok('every event is complete when it is sent')
  const longest = formatDuration(longestWait)
  if (waits.every(({ after, next }) => after === 'part of a line' && next === undefined)) {
    return warn(`a line of data was still incomplete after ${longest}`, `${fix}; or a proxy holds the rest back`)
  }
  return fail(`data waited up to ${longest} for its blank line`, fix)
}

export function checkUtf8({ main }: Examination): CheckResult {
  const { count, first } = main.stream.invalidBytes
  const [example] = first
  if (!example) return ok(`valid, ${formatCount(main.stream.size, 'byte')}`)
  const more = count > 1 ? `, and in ${formatCount(count - 1, 'more line')}` : ''
  return fail(
    `not UTF-8 in ${formatPosition(example)}${more}`,
    'encode the stream as UTF-8: clients replace invalid bytes with U+FFFD',
  )
}

export function checkJson({ main }: Examination): CheckResult {
  const { events } = main.stream
  const payloads = events.filter(({ data }) => looksLikeJson(data))
  const broken = payloads.flatMap((event) => {
    const problem = findJsonProblem(event.data)
    return problem === undefined ? [] : [{ event, problem }]
  })
  const [example] = broken
  // The fragments of a text, such as the tokens of a model: some of them begin like JSON.
  const areFragments = broken.length === payloads.length && events.length - payloads.length > payloads.length
  if (example && areFragments) return ok('no JSON payloads')
  if (!example) {
    return ok(payloads.length > 0 ? `${formatCount(payloads.length, 'payload')}, all valid` : 'no JSON payloads')
  }
  return fail(
    `${broken.length} of ${formatCount(payloads.length, 'payload')} not valid: ${describeEvent(example.event)}: ${example.problem}`,
    'write each payload with a JSON serializer, on one line; each further line needs its own data:',
  )
}

const jsonPatterns = [
  /^\s*\{\s*("|(['\w]+.*:.*)?\}\s*$)/s,
  /^\s*\[\s*(["[]|\{\s*(["'}]|\w+\s*:)|('.*)?\]\s*$|-?[\d.]+\s*(,|\]\s*$))/s,
]

/** Whether a payload is an object or an array, possibly broken, unlike `[DONE]` or a log line such as `[12:30] started`. */
function looksLikeJson(data: string): boolean {
  return !isTemplate(data) && jsonPatterns.some((pattern) => pattern.test(data))
}

/** Whether a text begins with a word in braces and continues after them, such as `{name} has joined room {1}`. */
function isTemplate(data: string): boolean {
  return /^\s*\{[^{}":]*\}.*[^\s\]}]/s.test(data)
}

function findJsonProblem(data: string): string | undefined {
  try {
    JSON.parse(data)
    return undefined
  } catch (error) {
    // The rest of the message is an excerpt of the payload.
    return (error as Error).message.replace(/(, "| \(line|, \.\.\.).*/s, '')
  }
}

function describeEvent(event: ScannedEvent): string {
  return `${quoteExcerpt(event.data)} in ${formatPosition(event)}`
}

export function checkFields({ main }: Examination): CheckResult {
  const { stream, body } = main
  const { unknownFields, events } = stream
  if (explainMissingEvents(main)) return skip('see events')
  const [example] = unknownFields.first
  if (!example) return ok(`only fields of the standard, in ${formatCount(events.length, 'event')}`)
  const more = unknownFields.count > 1 ? `, and ${unknownFields.count - 1} more` : ''
  return fail(
    `unknown field ${quoteExcerpt(example.name)} in ${formatPosition(example)}${more}`,
    `${fieldFix(example, readExcerpt(body, example.offset).toString())}; clients ignore this line`,
  )
}

/** @param text the stream from the line of the field on */
function fieldFix({ name, value }: ScannedField, text: string): string {
  const [line = ''] = text.split(/[\r\n]/, 1)
  const mistake = findForeignText(text) ?? findLineMistake(line)
  if (mistake !== undefined) return mistake
  if (value === '' || !/^[\w-]+$/.test(name)) return 'write data: before every line of a payload with several lines'
  return 'use only event, data, id and retry, or move the value into the data'
}
