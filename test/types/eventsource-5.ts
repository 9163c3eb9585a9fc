// Code that was written for the npm package `eventsource` 3 to 5, whose types it names.
import {
  type AddEventListenerOptions,
  ErrorEvent,
  type EventListener,
  type EventListenerObject,
  type EventListenerOptions,
  type EventListenerOrEventListenerObject,
  EventSource,
  type EventSourceConstructor,
  type EventSourceEventMap,
  type EventSourceFetchInit,
  type EventSourceInit,
  type FetchLike,
  type FetchLikeInit,
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

// A fetch that returns only what is used.
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

// An error event for a test, with as much as theirs takes.
const events: ErrorEvent[] = [new ErrorEvent('error'), new ErrorEvent('error', { message: 'refused', code: 401 })]

// A wrapper that keeps handlers under the types of the attributes.
const handlers: Pick<EventSource, 'onopen' | 'onmessage' | 'onerror'> = {
  onopen: null,
  onmessage: (event) => JSON.parse(event.data),
  onerror: ({ type }) => type,
}
const onMessage: EventSource['onmessage'] = (event) => event.data
const onTheirMessage: ((this: EventSource, event: MessageEvent) => unknown) | null = wrapped.onmessage
wrapped.onmessage = onMessage
wrapped.onmessage = onTheirMessage
wrapped.onmessage?.(new MessageEvent('message', { data: 1 }))
wrapped.onerror = wrapped.onopen

// A wrapper around the methods for listeners, with the names of their types.
const listen = (
  type: keyof EventSourceEventMap,
  listener: EventListenerOrEventListenerObject,
  options: AddEventListenerOptions & EventListenerOptions,
): void => {
  wrapped.addEventListener(type, listener, options)
  wrapped.removeEventListener(type, listener, options)
}
const listener: EventListener = (event) => event.type
const listenerObject: EventListenerObject = { handleEvent: (event) => event.type }
listen('message', listener, { once: true, capture: true })
listen('error', listenerObject, { signal: new AbortController().signal })
const withTheirOldInit: FetchLike = (url, init: FetchLikeInit) => fetch(url, init)

// @ts-expect-error: what the next request resumes after cannot be assigned.
wrapped.lastEventId = '7'

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
interface EventSourceClass {
  readonly prototype: EventSource
  new (url: string | URL, init?: EventSourceInit): EventSourceLike
  readonly CONNECTING: 0
  readonly OPEN: 1
  readonly CLOSED: 2
}
const Class: EventSourceClass = EventSource
const Constructor: EventSourceConstructor = EventSource

// What the types of version 5.1.5 are.
interface TheirFetchInit {
  // biome-ignore lint/suspicious/noExplicitAny: the type of eventsource 5, copied, has it here.
  signal: { aborted: boolean } | any
  headers: { [key: string]: string; Accept: 'text/event-stream' }
  mode: 'cors' | 'no-cors' | 'same-origin'
  credentials?: 'include' | 'omit' | 'same-origin'
  cache: 'no-store'
  redirect: 'error' | 'follow' | 'manual'
}
type TheirChunk = Uint8Array | DataView | ArrayBuffer
interface TheirReader {
  read(): Promise<{ done: false; value: TheirChunk } | { done: true; value?: TheirChunk | undefined }>
  cancel(): Promise<void>
}
interface TheirResponse {
  readonly body: { getReader(): TheirReader } | Response['body'] | null
  readonly url: string
  readonly status: number
  readonly redirected: boolean
  readonly headers: { get(name: string): string | null }
}
type TheirFetch = (url: string | URL, init: TheirFetchInit) => Promise<TheirResponse>
interface TheirInit {
  withCredentials?: boolean
  fetch?: TheirFetch
  maxBufferSize?: number
}

// A library that was compiled with their types passes on what its callers gave it.
declare const theirFetch: TheirFetch
declare const theirInit: TheirInit
declare const theirFetchInit: TheirFetchInit
const fromTheirFetch: FetchLike = theirFetch
const fromTheirInit: EventSourceInit = theirInit
const fromTheirFetchInit: EventSourceFetchInit = theirFetchInit
const new5 = new EventSource('https://example.test/feed', theirInit)
// A fetch for ours is one for theirs where it returns what theirs requires.
const whole = async (url: string | URL, init: EventSourceFetchInit): Promise<TheirResponse> => fetch(url, init)
const forTheirs: TheirFetch = whole

// Every name of theirs that such a fetch reads.
const namesOf = ({ mode, cache, redirect, signal, headers, credentials }: EventSourceFetchInit): unknown[] => [
  ...[mode, cache, redirect, signal, credentials],
  headers.Accept.length,
]
const wasRedirected = ({ redirected }: FetchLikeResponse): boolean => redirected ?? false

// @ts-expect-error: a fetch returns a promise of a response.
const refused: FetchLike = () => 'no response'
export const used = {
  ...{ Class, Constructor, call, inits, minimal, refused, fromTheirFetch, fromTheirInit, fromTheirFetchInit, new5 },
  ...{ forTheirs, namesOf, wasRedirected, withTheirOldInit, events, handlers },
}
