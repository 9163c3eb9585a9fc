// Starts the suite in a page, or from the page in a worker of the kind that the settings ask for.
import { type BrowserSettings, connectReports, readSettings } from './browser-settings.ts'
import { runProgram } from './program.ts'
import type { SendReport } from './report.ts'
import { reportStray, watchGlobalErrors } from './strays.ts'

const settings = readSettings()
const report = connectReports(settings)
watchGlobalErrors(report)
// Only after the page has loaded, so that whoever opened it can go on even if the suite hangs.
addEventListener('load', () => {
  setTimeout(() => start(settings).catch((error: unknown) => reportStray(error, report)))
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

/** A worker whose script does not load or parse says so to its page only. */
function watchWorker(worker: AbstractWorker, report: SendReport): void {
  worker.onerror = (event) => reportStray(`the worker failed: ${(event as ErrorEvent).message}`, report)
}

async function startServiceWorker(script: string): Promise<void> {
  if (!('serviceWorker' in navigator)) return report({ kind: 'unavailable', reason: 'no service workers here' })
  // A scope that holds no page: the worker is to run the suite, not to serve anything.
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
  setInterval(() => worker.postMessage('go on'), 60_000)
}
