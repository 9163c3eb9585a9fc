import { EventSource } from '../../src/index.ts'

/** What the tests read and control from outside. */
export interface LifecyclePage {
  /** The numbers of the events, and the events of the source and of the page, in order. */
  readonly log: string[]
  readonly source: EventSource
}

const log: string[] = []
const source = new EventSource('/events', {
  pauseWhenHidden: location.hash === '#pause-when-hidden',
  retry: { initialDelay: 50, maxDelay: 60_000, jitter: 0 },
})
for (const type of ['message', 'tick']) source.addEventListener(type, ({ lastEventId }) => log.push(lastEventId))
source.addEventListener('open', () => log.push('open'))
source.addEventListener('error', ({ code }) => log.push(`error: ${code}`))
for (const type of ['pagehide', 'pageshow', 'freeze', 'resume', 'visibilitychange', 'online', 'offline']) {
  addEventListener(
    type,
    (event) => log.push(`${type}${'persisted' in event && event.persisted ? ' persisted' : ''}`),
    true,
  )
}
Object.assign(globalThis, { lifecycle: { log, source } satisfies LifecyclePage })
