// Starts the suite in Node, Deno and Bun: the first argument contains the settings, and reports are printed as lines.
import process from 'node:process'
import { runProgram } from './program.ts'
import { type SuiteReport, toReportLine } from './report.ts'
import type { SuiteSettings } from './suite.ts'
import { reportUncaught, watchGlobalErrors } from './uncaught-errors.ts'

const report = (suiteReport: SuiteReport): void => {
  process.stdout.write(toReportLine(suiteReport))
}

if ('Deno' in globalThis) {
  watchGlobalErrors(report)
} else {
  process.on('uncaughtException', (error) => reportUncaught(error, report))
  process.on('unhandledRejection', (reason) => reportUncaught(reason, report))
}

// Nothing ends the process afterwards: it exits on its own if every case closed what it opened.
void runProgram(JSON.parse(process.argv[2] ?? '') as SuiteSettings, report)
