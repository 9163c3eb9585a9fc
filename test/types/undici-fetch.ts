// The `fetch` of undici, and its types, in a project for Node.
import { EventSource } from 'everysource'
import { Agent, fetch } from 'undici'

export const sources = [
  new EventSource('https://example.test/feed', { fetch }),
  new EventSource('https://example.test/feed', {
    fetch: (url, init) => fetch(url, { ...init, dispatcher: new Agent() }),
  }),
  new EventSource('https://example.test/feed', { dispatcher: new Agent() }),
]
