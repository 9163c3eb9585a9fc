import type { Answer, SeenRequest } from '../../fixtures/feed-server/plan.ts'
import type { FeedServer } from '../../fixtures/feed-server.ts'

/** One scenario on the feed server, with its own key. */
export interface PlannedFeed {
  readonly url: string
  /** Returns the requests that the server received, once `count` have come and `over` have ended. */
  requests(expected: { count?: number; over?: number }): Promise<SeenRequest[]>
  openGate(name: string): Promise<void>
}

/** Sends the planned answers to the server: the first request gets the first one, and so on. */
export async function planFeed({ origin }: FeedServer, ...answers: readonly Answer[]): Promise<PlannedFeed> {
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
