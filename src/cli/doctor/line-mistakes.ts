import { quoteExcerpt } from '../format.ts'

const fieldNames = '(?:data|event|id|retry)'

/** A mistake in a line that keeps it from being a field. */
interface LineMistake {
  readonly pattern: RegExp
  readonly fix: (match: RegExpExecArray) => string
}

const lineFeedRule =
  'send line feeds, not a backslash and the letter n: "\\n" in double quotes in most languages, not \'\\n\' or "\\\\n"'

/** The mistakes, the most specific ones first. */
const lineMistakes: readonly LineMistake[] = [
  {
    pattern: new RegExp(`^b?["'](?:\\\\ufeff)?${fieldNames}?:.*\\\\n`, 's'),
    fix: ([line]) =>
      line.startsWith('b')
        ? "send the bytes themselves, not their representation (Python: write(data), not str(data) or f'{data}')"
        : 'send the text itself, without quotes and backslashes: do not serialize the whole event as JSON',
  },
  {
    pattern: new RegExp(`^\\W*${fieldNames}:.*\\\\n(?:(?:\\\\r)?\\\\n|${fieldNames}:|["']?\\s*$)`, 's'),
    fix: () => lineFeedRule,
  },
  {
    pattern: new RegExp(
      `^${fieldNames}:.*?(<br ?/?>|[/|]n|%0[ad]|&#(?:10|x0?a);|[\\u2028\\u2029\\u0085\\v\\f\\x1e\\0])(?:\\1|\\s*${fieldNames}:)`,
      'is',
    ),
    fix: ([, separator = '']) => `end lines with a line feed (U+000A), not with ${quoteExcerpt(separator)}`,
  },
  {
    pattern: /^\uFEFF/,
    fix: () =>
      'remove the byte order mark (U+FEFF): clients ignore one at the beginning of the stream, and a second one, or a later one, becomes part of the field name',
  },
  {
    pattern: /^[\s\u200B\uFEFF]+$/u,
    fix: ([line]) => `remove ${quoteExcerpt(line)} from the line that ends an event: only an empty line does`,
  },
  {
    pattern: /^:\s*(data|event)\s*:/,
    fix: ([, name = '']) => `remove the colon before ${name}: it makes the line a comment`,
  },
  {
    pattern: new RegExp(`^["'](${fieldNames}):`),
    fix: ([, name = '']) => `write ${name}: at the beginning of the line, without quotes`,
  },
  {
    pattern: /^(data|event|id|retry)(?:=|[ \t](?![ \t]*:))/,
    fix: ([, name = '']) => `write a colon after ${name}: '${name}: …'`,
  },
  {
    pattern: new RegExp(`^\\s*(${fieldNames})\\s*:`, 'i'),
    fix: ([, name = '']) =>
      `write ${name.toLowerCase()}: in lower case at the beginning of the line, with nothing before the colon`,
  },
]

/** Returns how to fix a line, or undefined if it is a correct field, or nothing like a field. */
export function findLineMistake(line: string): string | undefined {
  for (const { pattern, fix } of lineMistakes) {
    const match = pattern.exec(line)
    if (match && !isCorrect(match[0])) return fix(match)
  }
  return undefined
}

/** Whether what matched is just the name of a field and its colon. */
function isCorrect(matched: string): boolean {
  return /^(data|event|id|retry):$/.test(matched)
}
