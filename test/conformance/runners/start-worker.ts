// Starts the suite in a dedicated, shared or service worker.
import { connectReports, readSettings } from './browser-settings.ts'
import { runProgram } from './program.ts'
import { watchGlobalErrors } from './uncaught-errors.ts'

const settings = readSettings()
const report = connectReports(settings)
watchGlobalErrors(report)

if (settings.scope === 'service-worker') {
  // A browser ends a service worker that handles no event, or that handles one event for longer than five minutes.
  // Therefore the page sends events regularly, and each lasts as long as the suite, but at most three minutes.
  let program: Promise<void> | undefined
  globalThis.addEventListener('message', (event) => {
    program ??= runProgram(settings, report)
    const longest = new Promise<void>((resolve) => setTimeout(resolve, 180_000))
    const { waitUntil } = event as unknown as { waitUntil(promise: Promise<void>): void }
    waitUntil.call(event, Promise.race([program, longest]))
  })
} else {
  void runProgram(settings, report)
}
