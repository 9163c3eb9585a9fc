import { quoteExcerpt } from '../format.ts'
import type { Observation } from './observation.ts'

/** Why a response brought bytes, but no event. */
export interface MissingEvents {
  /** The beginning of the body, quoted. */
  readonly excerpt: string
  readonly fix: string
}

/** The number of bytes at the beginning of a body that are searched for the cause. */
const maxSearched = 4_096

/** The maximum number of characters of a body that are quoted. */
const maxQuoted = 80

/**
 * Finds out why a response brought no event, although it has other content than comments, ids and reconnection times.
 * Returns undefined if it brought an event, or has no such content.
 */
export function explainMissingEvents({ body, stream }: Observation): MissingEvents | undefined {
  if (stream.events.length > 0) return undefined
  const beginning = readBeginning(body)
  const text = beginning.toString()
  const lines = text.split(/\r\n|\r|\n/)
  const content = lines.filter((line) => !/^(:.*|(id|retry)(:.*)?|)$/s.test(line))
  if (content.length === 0) return undefined
  const fix = findCause(beginning, text, content)
  const isIncomplete = fix === blankLineFix && stream.states.at(-1)?.after === 'part of a line'
  const remark = isIncomplete ? '; or a proxy holds the rest of the line back' : ''
  return { excerpt: quoteExcerpt(text, maxQuoted), fix: `${fix}${remark}` }
}

function readBeginning(body: Observation['body']): Buffer {
  const pieces: Buffer[] = []
  let size = 0
  for (const { bytes } of body) {
    pieces.push(bytes)
    size += bytes.length
    if (size >= maxSearched) break
  }
  return Buffer.concat(pieces).subarray(0, maxSearched)
}

/** Returns the fix for the most specific cause. */
function findCause(bytes: Buffer, text: string, lines: readonly string[]): string {
  if (isUtf16(bytes)) return 'encode the stream as UTF-8: this is UTF-16, which clients do not decode'
  if (lines.some((line) => /^(data|event|id|retry):.*\\n/.test(line))) {
    return 'send line feeds, not a backslash and the letter n: "\\n" in double quotes in most languages, not \'\\n\' or "\\\\n"'
  }
  if (isMarkup(text)) return 'this is a page, not a stream: a login page, an error page, or the wrong path'
  if (isJsonLines(lines)) {
    return "this is JSON, not a stream of events: begin each line with data:, and end it with a blank line: 'data: {…}\\n\\n'"
  }
  if (lines.some((line) => line.startsWith('data:'))) return blankLineFix
  if (lines.every((line) => /^event(:|$)/.test(line))) {
    return "add a data: line to each event: clients ignore an event without one, so send at least 'data:\\n'"
  }
  const field = /^\s*\uFEFF?(data|event)\s*:/i.exec(lines[0] ?? '')?.[1]
  if (field) {
    return `write ${field.toLowerCase()}: in lower case at the beginning of the line, with nothing before the colon`
  }
  return "send each event as 'data: …\\n\\n': clients ignore lines with other fields"
}

/** The fix for data whose blank line is missing, or late. */
export const blankLineFix =
  "end every event with a blank line, in the same write: 'data: …\\n\\n'; clients dispatch an event only at its blank line"

/** Whether bytes are UTF-16: by the byte order mark, or because every other byte is 0. */
function isUtf16(bytes: Buffer): boolean {
  const mark = bytes.subarray(0, 2).toString('hex')
  if (mark === 'fffe' || mark === 'feff') return true
  const zeros = [0, 0]
  for (const [index, byte] of bytes.entries()) if (byte === 0) zeros[index % 2] = (zeros[index % 2] ?? 0) + 1
  return Math.max(...zeros) > bytes.length / 3
}

function isMarkup(text: string): boolean {
  return /^\s*<(!doctype|html|head|body|\?xml)\b/i.test(text)
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
