// Code that was written for the npm package `eventsource` 3 to 5, whose types it names.
import {
  type ErrorEvent,
  EventSource,
  type EventSourceFetchInit,
  type EventSourceInit,
  type FetchLike,
  type FetchLikeResponse,
} from 'everysource'

const authorize = { Authorization: 'Bearer x' }

// As their README has it.
const wrapped = new EventSource('https://example.test/feed', {
  fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, ...authorize } }),
})

const withUrlOrString: FetchLike = async (url: string | URL, init) => {
  const headers = new Headers(init.headers)
  headers.set('Authorization', 'Bearer x')
  return fetch(url.toString(), { ...init, headers })
}
const withString: FetchLike = (url: string, init) => fetch(url, init)
const withOptionalInit: FetchLike = (url: string | URL, init?: RequestInit) => fetch(url, init)
const withTheirInit: FetchLike = (url: string | URL, init: EventSourceFetchInit) =>
  fetch(url, { ...init, headers: { ...init.headers, ...authorize } })
const platformFetch: FetchLike = fetch
const withTheirTypes: FetchLike = async (url, init): Promise<FetchLikeResponse> => fetch(url, init)
const inits: EventSourceInit[] = [
  { fetch: withUrlOrString },
  { fetch: withString },
  { fetch: withOptionalInit },
  { fetch: withTheirInit },
  { fetch: platformFetch },
  { fetch: withTheirTypes },
  { fetch: async (url: string | URL, init) => fetch(url, init) },
]

// A library that keeps a fetch of this type, and calls it.
const call = (one: FetchLike, init: EventSourceFetchInit): Promise<FetchLikeResponse> =>
  one(new URL('https://example.test/feed'), init)

// A fetch that returns no more than what is used.
const minimal: FetchLike = async (url) => ({
  status: 200,
  url: `${url}`,
  headers: new Headers(),
  body: new ReadableStream<Uint8Array>(),
})

// What libraries ask an error event for.
const isUnauthorized = (event: ErrorEvent): boolean => event.code === 401 && event.message !== undefined
wrapped.onerror = (event) => {
  if (isUnauthorized(event)) wrapped.close()
}
wrapped.addEventListener('error', ({ code, message }) => `${code ?? 0}: ${message}`)

// The class where a library takes the type of the class or of its objects.
interface EventSourceLike {
  readonly readyState: number
  readonly url: string
  readonly withCredentials: boolean
  onerror: ((this: EventSource, event: ErrorEvent) => unknown) | null
  onmessage: ((this: EventSource, event: MessageEvent) => unknown) | null
  onopen: ((this: EventSource, event: Event) => unknown) | null
  addEventListener(type: string, listener: (event: MessageEvent) => void): void
  close(): void
}
interface EventSourceConstructor {
  readonly prototype: EventSource
  new (url: string | URL, init?: EventSourceInit): EventSourceLike
  readonly CONNECTING: 0
  readonly OPEN: 1
  readonly CLOSED: 2
}
const Class: EventSourceConstructor = EventSource

// @ts-expect-error: a fetch returns a promise of a response.
const refused: FetchLike = () => 'no response'
export const used = { Class, call, inits, minimal, refused }
