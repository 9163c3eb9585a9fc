// Starts the suite in a page, or in the kind of worker that the settings ask for.
import { type BrowserSettings, connectReports, readSettings } from './browser-settings.ts'
import { runProgram } from './program.ts'
import type { SendReport } from './report.ts'
import { reportUncaught, watchGlobalErrors } from './uncaught-errors.ts'

const settings = readSettings()
const report = connectReports(settings)
watchGlobalErrors(report)
// The suite starts after the page has loaded, so that opening the page ends even if the suite hangs.
addEventListener('load', () => {
  setTimeout(() => start(settings).catch((error: unknown) => reportUncaught(error, report)))
})

async function start({ scope }: BrowserSettings): Promise<void> {
  const script = 'worker.js'
  switch (scope) {
    case 'dedicated-worker':
      return watchWorker(new Worker(script), report)
    case 'shared-worker':
      if (!('SharedWorker' in globalThis)) return report({ kind: 'unavailable', reason: 'no SharedWorker here' })
      return watchWorker(new SharedWorker(script), report)
    case 'service-worker':
      return startServiceWorker(script)
    default:
      return runProgram(settings, report)
  }
}

/** Reports a worker whose script does not load or parse, which only its page can observe. */
function watchWorker(worker: AbstractWorker, report: SendReport): void {
  worker.onerror = (event) => reportUncaught(`the worker failed: ${(event as ErrorEvent).message}`, report)
}

async function startServiceWorker(script: string): Promise<void> {
  if (!('serviceWorker' in navigator)) return report({ kind: 'unavailable', reason: 'no service workers here' })
  // The scope contains no page, because the worker runs the suite and serves nothing.
  const registration = await navigator.serviceWorker.register(script, { scope: './nothing/' })
  const worker = registration.installing ?? registration.waiting ?? registration.active
  if (worker === null) throw new Error('the service worker was registered, but there is none')
  await new Promise<void>((resolve, reject) => {
    const settle = (): void => {
      if (worker.state === 'activated') resolve()
      if (worker.state === 'redundant') reject(new Error('the service worker was not installed'))
    }
    worker.addEventListener('statechange', settle)
    settle()
  })
  worker.postMessage('run')
  setInterval(() => worker.postMessage('keep alive'), 60_000)
}
