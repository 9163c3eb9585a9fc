import { afterAll, beforeAll } from 'vitest'
import type { Answer, SeenRequest } from '../../fixtures/feed-server/plan.ts'
import { type FeedServer, startFeedServer } from '../../fixtures/feed-server.ts'

/** One scenario on the feed server, with its own key. */
export interface PlannedFeed {
  readonly url: string
  /** The requests that the server saw, once `count` requests have come and `over` of them are over. */
  requests(expected: { count?: number; over?: number }): Promise<SeenRequest[]>
  openGate(name: string): Promise<void>
}

/** Gives the server its answers: the first request gets the first answer, and so on. */
async function planFeed(origin: string, answers: readonly Answer[]): Promise<PlannedFeed> {
  const key = `k${Math.random().toString(36).slice(2)}`
  const ask = async (route: string, init: RequestInit = {}): Promise<Response> => {
    const response = await fetch(`${origin}/${route}key=${key}`, init)
    if (!response.ok) throw new Error(`The feed server answered ${response.status} to ${route}`)
    return response
  }
  await ask('plan?', { method: 'POST', body: JSON.stringify({ answers }) })
  return {
    url: `${origin}/feed?key=${key}`,
    async requests({ count = 0, over = 0 }) {
      const seen = (await (await ask(`requests?count=${count}&over=${over}&`)).json()) as SeenRequest[]
      if (seen.length < count) throw new Error(`${seen.length} requests came, not ${count}`)
      const closed = seen.filter((request) => !request.open).length
      if (closed < over) throw new Error(`${closed} requests are over, not ${over}`)
      return seen
    },
    async openGate(name) {
      await ask(`gate?name=${name}&`, { method: 'POST' })
    },
  }
}

/** A feed server for all tests of a file. */
export interface PlannedFeedServer {
  readonly origin: string
  readonly otherOrigin: string
  plan(...answers: readonly Answer[]): Promise<PlannedFeed>
  /** Plans a feed at the server's other origin. */
  planElsewhere(...answers: readonly Answer[]): Promise<PlannedFeed>
}

/** Starts a feed server before the tests of the file that calls this, and closes it after them. */
export function useFeedServer(): PlannedFeedServer {
  let server: FeedServer
  beforeAll(async () => {
    server = await startFeedServer()
  })
  afterAll(() => server.close())
  return {
    get origin() {
      return server.origin
    },
    get otherOrigin() {
      return server.otherOrigin
    },
    plan: (...answers) => planFeed(server.origin, answers),
    planElsewhere: (...answers) => planFeed(server.otherOrigin, answers),
  }
}

/** The events from `first` to `last`, each with its number as data and ID. */
export function numberedEvents(first: number, last: number): string {
  const events = Array.from(
    { length: last - first + 1 },
    (_, index) => `id: ${first + index}\ndata: ${first + index}\n\n`,
  )
  return events.join('')
}

export function headerOf(request: SeenRequest | undefined, name: string): string | undefined {
  return request?.headers.find(([sent]) => sent.toLowerCase() === name)?.[1]
}
