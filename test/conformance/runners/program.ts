import type { ConformanceContext } from '../case.ts'
import { cases } from '../index.ts'
import { ErrorEvent, EventSource } from './implementation.ts'
import type { SendReport } from './report.ts'
import { runSuite, type SuiteSettings } from './suite.ts'

/** Runs the complete program inside a runtime: the library, the cases, and the code that runs them. */
export function runProgram(settings: SuiteSettings, report: SendReport): Promise<void> {
  const { runtime, scope, feed, otherOrigin, concurrency } = settings
  const context: ConformanceContext = { EventSource, ErrorEvent, feed, otherOrigin, runtime, scope }
  return runSuite(cases, context, concurrency, report)
}
