// Starts the suite in a dedicated, shared or service worker.
import { connectReports, readSettings } from './browser-settings.ts'
import { runProgram } from './program.ts'
import { watchGlobalErrors } from './strays.ts'

const settings = readSettings()
const report = connectReports(settings)
watchGlobalErrors(report)

if (settings.scope === 'service-worker') {
  // A browser ends a service worker that handles no event, hence the suite runs as one.
  globalThis.addEventListener('message', (event) => {
    const { waitUntil } = event as unknown as { waitUntil(promise: Promise<void>): void }
    waitUntil.call(event, runProgram(settings, report))
  })
} else {
  void runProgram(settings, report)
}
