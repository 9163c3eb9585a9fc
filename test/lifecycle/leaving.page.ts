import { EventSource } from '../../src/index.ts'

/** What the tests read from outside. The log of errors outlives the page. */
export interface LeavingPage {
  readonly received: string[]
}

const received: string[] = []
const source = new EventSource('/events', { retry: { initialDelay: 50, jitter: 0 } })
source.addEventListener('message', ({ data }) => received.push(data))
source.addEventListener('error', ({ reason }) => {
  localStorage.setItem('errors', `${localStorage.getItem('errors') ?? ''} ${reason}`)
})
Object.assign(globalThis, { leaving: { received } satisfies LeavingPage })
