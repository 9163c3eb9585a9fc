// Starts the suite in workerd on a request that contains the settings. The lines of the response are the reports.
import { runProgram } from './program.ts'
import { type SuiteReport, toReportLine } from './report.ts'
import type { SuiteSettings } from './suite.ts'
import { watchGlobalErrors } from './uncaught-errors.ts'

let report = (_: SuiteReport): void => {}
watchGlobalErrors((uncaught) => report(uncaught))

export default {
  async fetch(request: Request): Promise<Response> {
    const settings = (await request.json()) as SuiteSettings
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
    const writer = writable.getWriter()
    const encoder = new TextEncoder()
    report = (suiteReport) => {
      // A failed write means that the runner has gone, and that nobody needs the report.
      writer.write(encoder.encode(toReportLine(suiteReport))).catch(() => {})
    }
    void runProgram(settings, report).then(() => writer.close())
    return new Response(readable)
  },
}
