import process from 'node:process'
import { colorize, type TextStyle } from '../terminal/color.ts'
import { escapeControls } from '../terminal/escape-controls.ts'
import type { Status } from './check-result.ts'
import type { Finding } from './checks.ts'

/** The examination that a report is about. */
export interface ReportSubject {
  readonly url: string
  readonly method: string
  /** The origin given with --origin; null without one. */
  readonly origin: string | null
  /** The maximum time for which a response was observed, in seconds. */
  readonly seconds: number
}

const statusLabels: Readonly<Record<Status, readonly [label: string, style: TextStyle]>> = {
  ok: ['ok  ', 'green'],
  warn: ['warn', 'yellow'],
  fail: ['FAIL', 'red'],
  skip: ['skip', 'dim'],
}

const nameWidth = 25

/** Formats a report as text: a line for each check, and below it how to fix what was found. */
export function formatText({ url, seconds }: ReportSubject, findings: readonly Finding[]): string {
  const lines = findings.map(({ check, status, message, fix }) => {
    const [label, style] = statusLabels[status]
    const line = `${colorize(label, style, process.stdout)}  ${check.padEnd(nameWidth)}${escapeControls(message)}`
    return fix === undefined ? line : `${line}\n${' '.repeat(nameWidth + 6)}fix: ${escapeControls(fix)}`
  })
  const counts = countStatuses(findings)
  const warnings = `${counts.warn} warning${counts.warn === 1 ? '' : 's'}`
  const summary = `${counts.fail} failed, ${warnings}, ${counts.ok} ok, ${counts.skip} skipped`
  return `${url}, observed for up to ${seconds} s\n\n${lines.join('\n')}\n\n${summary}\n`
}

/** Formats a report as one JSON document. */
export function formatJson(subject: ReportSubject, findings: readonly Finding[]): string {
  return `${JSON.stringify({ ...subject, counts: countStatuses(findings), findings }, null, 2)}\n`
}

function countStatuses(findings: readonly Finding[]): Readonly<Record<Status, number>> {
  const counts = { ok: 0, warn: 0, fail: 0, skip: 0 }
  for (const { status } of findings) counts[status]++
  return counts
}
