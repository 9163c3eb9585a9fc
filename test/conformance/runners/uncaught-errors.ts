import { thrownOnPurpose } from '../case.ts'
import { describeError, type SendReport } from './report.ts'

/** Reports an error that nothing caught, unless a case threw it on purpose. */
export function reportUncaught(error: unknown, report: SendReport): void {
  const description = describeError(error)
  if (!description.includes(thrownOnPurpose)) report({ kind: 'uncaught', error: description })
}

/** Watches the global object for errors that nothing caught. Pages, workers, Deno and workerd have these events. */
export function watchGlobalErrors(report: SendReport): void {
  const scope = globalThis as unknown as EventTarget
  scope.addEventListener('error', (event) => {
    const { error, message } = event as globalThis.ErrorEvent
    // The event counts as handled, so that the runtime neither exits nor passes a worker's error on to its page.
    event.preventDefault()
    reportUncaught(error ?? message, report)
  })
  scope.addEventListener('unhandledrejection', (event) => {
    event.preventDefault()
    reportUncaught((event as PromiseRejectionEvent).reason, report)
  })
}
