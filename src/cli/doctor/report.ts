import { colorize, type TextStyle } from '../terminal/color.ts'
import { escapeControls } from '../terminal/escape-controls.ts'
import { wrap } from '../terminal/wrap.ts'
import type { Status } from './check-result.ts'
import type { Finding } from './checks.ts'
import { type ServerName, serverRecipes } from './server-recipes.ts'

/** The examination that a report is about. */
export interface ReportSubject {
  readonly url: string
  readonly method: string
  /** The origin given with --origin; null without one. */
  readonly origin: string | null
  /** The maximum time for which a response was observed, in seconds. */
  readonly seconds: number
}

export interface Report {
  readonly subject: ReportSubject
  readonly findings: readonly Finding[]
  /** The servers, proxies and frameworks whose recipes are shown. */
  readonly servers: readonly ServerName[]
}

const statusLabels: Readonly<Record<Status, readonly [label: string, style: TextStyle]>> = {
  ok: ['ok  ', 'green'],
  warn: ['warn', 'yellow'],
  fail: ['FAIL', 'red'],
  skip: ['skip', 'dim'],
}

const nameWidth = 25

/** The minimum number of columns of a terminal that has room for all text to the right of the names. */
const minWideColumns = 80

/**
 * Formats a report as text: a line for each check, and below it how to fix what was found. The checks that were skipped
 * are in the last line.
 * @param columns the width to wrap lines to
 */
export function formatText({ subject, findings, servers }: Report, columns = Infinity): string {
  const { url, seconds } = subject
  const indentation = columns < minWideColumns ? 6 : 6 + nameWidth
  const lineBreak = `\n${' '.repeat(indentation)}`
  const wrapFrom = (column: number, text: string): string =>
    wrap(escapeControls(text), columns - indentation, columns - column).join(lineBreak)
  const lines = findings
    .filter(({ status }) => status !== 'skip')
    .map(({ check, status, message, fix }) => {
      const [label, style] = statusLabels[status]
      const name = `${colorize(label, style, process.stdout)}  ${check.padEnd(nameWidth)}`
      const line = `${name}${wrapFrom(6 + nameWidth, message)}`
      if (fix === undefined) return line
      return `${line}${lineBreak}${wrapFrom(indentation, `fix: ${fix}`)}`
    })
  const skipped = formatSkipped(findings)
  const [skipLabel, skipStyle] = statusLabels.skip
  if (skipped) {
    const label = colorize(skipLabel, skipStyle, process.stdout)
    lines.push(`${label}  ${wrap(skipped, columns - 6).join('\n      ')}`)
  }
  const counts = countStatuses(findings)
  const warnings = `${counts.warn} warning${counts.warn === 1 ? '' : 's'}`
  const summary = `${counts.fail} failed, ${warnings}, ${counts.ok} ok, ${counts.skip} skipped`
  return `${url}, observed for up to ${seconds} s\n\n${lines.join('\n')}\n\n${servers.map(formatRecipe).join('')}${summary}\n`
}

function formatRecipe(name: ServerName): string {
  const { title, lines } = serverRecipes[name]
  return `For ${title}:\n${lines.map((line) => `  ${line}\n`).join('')}\n`
}

/** Lists the checks that were skipped, with the reason of each group. */
function formatSkipped(findings: readonly Finding[]): string {
  const groups = new Map<string, string[]>()
  for (const { check, status, message } of findings) {
    if (status === 'skip') groups.set(message, [...(groups.get(message) ?? []), check])
  }
  return [...groups].map(([reason, checks]) => `${checks.join(', ')} (${escapeControls(reason)})`).join('; ')
}

/** Formats a report as one JSON document. */
export function formatJson({ subject, findings, servers }: Report): string {
  const recipes = servers.map((name) => ({ server: name, lines: serverRecipes[name].lines }))
  return `${JSON.stringify({ ...subject, counts: countStatuses(findings), findings, recipes }, null, 2)}\n`
}

function countStatuses(findings: readonly Finding[]): Readonly<Record<Status, number>> {
  const counts = { ok: 0, warn: 0, fail: 0, skip: 0 }
  for (const { status } of findings) counts[status]++
  return counts
}
