import { type ErrorEvent, EventSource as OurEventSource } from '../../src/index.ts'
import type { Attempt, Call, Feed, Programs } from './programs.ts'

/*
 * The programs of the page. The URL of the page contains the name of a program and its input, and the page posts the
 * result.
 */

const clients = { native: EventSource, ours: OurEventSource } as const

/** Resolves with the calls of all handlers and listeners until the source is closed. */
function recordCalls(source: EventSource, names: readonly string[]): Promise<Call[]> {
  return new Promise((resolve) => {
    const calls: Call[] = []
    const record =
      (by: Call['by']) =>
      (event: Event): void => {
        const data = event instanceof MessageEvent ? event.data : null
        calls.push({ by, type: event.type, data, readyState: source.readyState })
      }
    source.onopen = record('handler')
    source.onmessage = record('handler')
    source.onerror = record('handler')
    for (const name of names) source.addEventListener(name, record('listener'))
    source.addEventListener('error', () => {
      if (source.readyState === EventSource.CLOSED) resolve(calls)
    })
  })
}

/** Resolves with what a page learns about a feed until the first message or error. */
function tryFeed(source: EventSource): Promise<Attempt> {
  return new Promise((resolve) => {
    let opened = false
    const finish = (attempt: Omit<Attempt, 'opened'>): void => {
      source.close()
      resolve({ opened, ...attempt })
    }
    source.onopen = () => {
      opened = true
    }
    source.onmessage = ({ data, origin }) => finish({ message: { data, origin } })
    source.onerror = (event) => {
      const { reason, status, headers, body } = event as Partial<ErrorEvent>
      finish({ error: { reason, status, body, headers: headers && [...headers] } })
    }
  })
}

const programs: Programs = {
  async recordCalls({ url, names }) {
    const [native, ours] = await Promise.all(
      Object.values(clients).map((Client) => recordCalls(new Client(url) as EventSource, names)),
    )
    return { native: native ?? [], ours: ours ?? [] }
  },
  async tryFeeds(feeds) {
    const tryWith = (Client: typeof EventSource | typeof OurEventSource) => (feed: Feed) =>
      tryFeed(new Client(feed.url, feed) as EventSource)
    return {
      native: await Promise.all(feeds.map(tryWith(clients.native))),
      ours: await Promise.all(feeds.map(tryWith(clients.ours))),
    }
  },
}

const { searchParams } = new URL(location.href)
const run = programs[searchParams.get('program') as keyof Programs] as (given: unknown) => Promise<unknown>
// The program starts after the page has loaded, so that opening the page ends.
addEventListener('load', async () => {
  const body = await run(JSON.parse(searchParams.get('given') ?? '')).then(
    (result) => ({ result }),
    (error: unknown) => ({ error: String(error) }),
  )
  await fetch('/result', { method: 'POST', body: JSON.stringify(body) })
})
