import { EventSource } from '../../src/index.ts'

const source = new EventSource('/events')

/** Dispatches `online` at the body of the document, as a list of contacts may do. */
function dispatchAtBody(): void {
  document.body.dispatchEvent(new CustomEvent('online', { bubbles: true }))
}

/** Stops the page and its timers, as an alert or a debugger does, and then gives timers the time to end a wait by mistake. */
async function stop(): Promise<void> {
  const end = performance.now() + 7_000
  while (performance.now() < end);
  await new Promise((resolve) => setTimeout(resolve, 2_000))
}

Object.assign(globalThis, { waiting: { source, dispatchAtBody, stop } })
