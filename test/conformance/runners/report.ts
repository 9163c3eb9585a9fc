/** A report from a runtime under test to the runner. */
export type SuiteReport =
  | { kind: 'started'; names: string[] }
  | { kind: 'passed'; name: string }
  | { kind: 'failed'; name: string; error: string }
  | { kind: 'limit'; name: string; reason: string }
  /** An uncaught exception, an unhandled rejection, or a page error, which fails the run whatever case was running. */
  | { kind: 'uncaught'; error: string }
  /** The runtime does not have this scope. Nothing else is reported then. */
  | { kind: 'unavailable'; reason: string }
  | { kind: 'ended' }

export type SendReport = (report: SuiteReport) => void

/** The prefix that distinguishes a report from other printed lines. */
const linePrefix = 'conformance-report '

export function toReportLine(report: SuiteReport): string {
  return `${linePrefix}${JSON.stringify(report)}\n`
}

export function fromReportLine(line: string): SuiteReport | undefined {
  return line.startsWith(linePrefix) ? (JSON.parse(line.slice(linePrefix.length)) as SuiteReport) : undefined
}

export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return typeof error === 'string' ? error : `a thrown value: ${String(error)}`
  // Stacks of V8 begin with the message, while those of other engines do not contain it.
  const stack = error.stack ?? ''
  return stack.includes(error.message) ? stack : `${error.name}: ${error.message}\n${stack}`
}
