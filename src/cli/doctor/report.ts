import process from 'node:process'
import { type Format, paint } from '../colour.ts'
import type { Finding } from './checks.ts'
import type { Status } from './verdict.ts'

/** What findings are about. */
export interface Subject {
  readonly url: string
  readonly method: string
  /** Of a page that would ask; null if nobody gave one. */
  readonly origin: string | null
  /** For how long a response was observed, at the longest. */
  readonly seconds: number
}

const marks: Readonly<Record<Status, readonly [mark: string, format: Format]>> = {
  ok: ['ok  ', 'green'],
  warn: ['warn', 'yellow'],
  fail: ['FAIL', 'red'],
  skip: ['skip', 'dim'],
}

const nameWidth = 25

/** What a server says could else take hold of the terminal. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, (character) => {
    return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`
  })
}

/** For people: a check a line, and below it how to mend what was seen. */
export function formatText({ url, seconds }: Subject, findings: readonly Finding[]): string {
  const lines = findings.map(({ check, status, seen, mend }) => {
    const [mark, format] = marks[status]
    const line = `${paint(mark, format, process.stdout)}  ${check.padEnd(nameWidth)}${printable(seen)}`
    return mend === undefined ? line : `${line}\n${' '.repeat(nameWidth + 6)}mend: ${printable(mend)}`
  })
  const counts = countStatuses(findings)
  const summary = `${counts.fail} failed, ${counts.warn} to look at, ${counts.ok} ok, ${counts.skip} skipped`
  return `${url}, observed for ${seconds} s at the most\n\n${lines.join('\n')}\n\n${summary}\n`
}

/** For programs: one JSON document. */
export function formatJson(subject: Subject, findings: readonly Finding[]): string {
  return `${JSON.stringify({ ...subject, counts: countStatuses(findings), findings }, null, 2)}\n`
}

function countStatuses(findings: readonly Finding[]): Readonly<Record<Status, number>> {
  const counts = { ok: 0, warn: 0, fail: 0, skip: 0 }
  for (const { status } of findings) counts[status]++
  return counts
}
