/** What a runtime under test tells the runner, one report at a time. */
export type SuiteReport =
  | { kind: 'started'; names: string[] }
  | { kind: 'passed'; name: string }
  | { kind: 'failed'; name: string; error: string }
  | { kind: 'limit'; name: string; reason: string }
  /** An uncaught exception, an unhandled rejection, or a page error: it fails the run, whichever case was running. */
  | { kind: 'stray'; error: string }
  /** The runtime has no such scope. Nothing else is reported then. */
  | { kind: 'unavailable'; reason: string }
  | { kind: 'ended' }

export type SendReport = (report: SuiteReport) => void

/** Where a runtime reports by printing lines, this tells a report from anything else that it prints. */
const linePrefix = 'conformance-report '

export function toReportLine(report: SuiteReport): string {
  return `${linePrefix}${JSON.stringify(report)}\n`
}

export function fromReportLine(line: string): SuiteReport | undefined {
  return line.startsWith(linePrefix) ? (JSON.parse(line.slice(linePrefix.length)) as SuiteReport) : undefined
}

export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return typeof error === 'string' ? error : `a thrown value: ${String(error)}`
  // V8's stacks begin with the message, those of other engines do not hold it.
  const stack = error.stack ?? ''
  return stack.includes(error.message) ? stack : `${error.name}: ${error.message}\n${stack}`
}
