// Starts the suite in Hermes: settings come as a global, and reports go out by a function of the host's.
import './missing-in-vm.ts'
import { stream } from '../../conformance/answers.ts'
import { ErrorEvent, EventSource } from '../../conformance/runners/implementation.ts'
import { runProgram } from '../../conformance/runners/program.ts'
import type { SuiteReport } from '../../conformance/runners/report.ts'
import type { SuiteSettings } from '../../conformance/runners/suite.ts'
import { reportUncaught } from '../../conformance/runners/uncaught-errors.ts'
import { Scene } from '../../conformance/scene.ts'
import { setMessageEvent } from './globals.ts'

const { __settings: settings, __tell: report } = globalThis as unknown as {
  __settings: SuiteSettings
  __tell(report: SuiteReport): void
}

/** Sets the class of messages, which the package exports no other way, and runs the suite. */
async function run(): Promise<void> {
  const { runtime, scope, feed, otherOrigin } = settings
  const scene = new Scene({ EventSource, ErrorEvent, feed, otherOrigin, runtime, scope })
  await scene.plan([stream('data: a\n\n')])
  const message = await scene.watch().nextMessage()
  setMessageEvent(message.constructor as typeof MessageEvent)
  await scene.close()
  await runProgram(settings, report)
}

run().catch((error: unknown) => reportUncaught(error, report))
