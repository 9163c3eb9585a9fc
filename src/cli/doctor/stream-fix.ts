import { contentLines } from './body-excerpt.ts'
import { findEncodingMistake } from './encoding-mistakes.ts'
import { findForeignText } from './foreign-text.ts'
import { findLineMistake } from './line-mistakes.ts'

/** Returns how to fix bytes that are not an event, by the most specific cause. */
export function findStreamFix(bytes: Buffer): string {
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
export const dataFix =
  'add a data: line to each event: without one, clients store the id and the reconnection time, and dispatch no event'

/** The fix for data whose blank line is missing, or late. */
export const blankLineFix =
  "end every event with a blank line, in the same write: 'data: …\\n\\n'; clients dispatch an event only at its blank line"

function isIdOrRetry(line: string): boolean {
  return /^(id|retry)(:|$)/.test(line)
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
