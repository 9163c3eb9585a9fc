import type { SubjectName } from '../subjects.ts'

/** What a program does with a stream, whichever client it has. */
export interface Listener {
  event(data: string): void
  /** It will not go on. */
  failed(error: unknown): void
}

export interface Connection {
  close(): void
}

export interface Client {
  open(url: string, listener: Listener): Connection
  /** The data of each event, where the client has an async iterator. */
  iterate?(url: string): AsyncIterable<{ data: string }>
}

/** The part of EventSource that is needed here. */
interface EventSourceLike {
  addEventListener(type: string, listener: (event: { data: string }) => void): void
  close(): void
}

type EventSourceClass = new (url: string, init?: object) => EventSourceLike

/** What a module exports; the peers have no types here, for they are installed only when the benchmarks run. */
type Exports = Record<string, never>

export type Load = (module: string) => Promise<Exports>

const largest = 2 ** 30

function likeEventSource(EventSource: EventSourceClass, init?: object): Client {
  return {
    open(url, listener) {
      const source = new EventSource(url, init)
      source.addEventListener('message', ({ data }) => listener.event(data))
      // One of them throws errors that nobody listens for.
      source.addEventListener('error', () => {})
      return source
    },
  }
}

interface Ours {
  EventSource: EventSourceClass
  openEventStream(url: string, init: object): AsyncIterable<{ data: string }>
}

function ours(exports: Exports, init: object = {}): Client {
  const { EventSource, openEventStream } = exports as unknown as Ours
  return {
    ...likeEventSource(EventSource, { ...init, maxEventSize: largest }),
    iterate: (url) => openEventStream(url, { ...init, until: ({ data }: { data: string }) => data === '[DONE]' }),
  }
}

/** Each client that is more than a limit. `load` imports a module; `everysource` is the file to import ours from. */
export const adapters: Partial<Record<SubjectName, (load: Load, everysource: string) => Promise<Client>>> = {
  everysource: async (load, everysource) => ours(await load(everysource)),
  'everysource-fetch': async (load, everysource) => ours(await load(everysource), { fetch: globalThis.fetch }),
  other: async (load, everysource) => ours(await load(everysource)),
  eventsource: async (load) => likeEventSource((await load('eventsource'))['EventSource'] as never),
  eventsource4: async (load) => likeEventSource((await load('eventsource4'))['EventSource'] as never),
  undici: async (load) => likeEventSource((await load('undici'))['EventSource'] as never),
  'launchdarkly-eventsource': async (load) =>
    likeEventSource((await load('launchdarkly-eventsource'))['EventSource'] as never),
  'event-source-polyfill': async (load) =>
    likeEventSource((await load('event-source-polyfill'))['EventSourcePolyfill'] as never),
  'extended-eventsource': async (load) => likeEventSource((await load('extended-eventsource'))['EventSource'] as never),
  native: async () => likeEventSource(globalThis.EventSource as unknown as EventSourceClass),

  async 'eventsource-client'(load) {
    const { createEventSource } = (await load('eventsource-client')) as unknown as {
      createEventSource(options: object): Connection & AsyncIterable<{ data: string }>
    }
    return {
      open: (url, { event }) => createEventSource({ url, onMessage: ({ data }: { data: string }) => event(data) }),
      iterate: (url) => createEventSource({ url }),
    }
  },

  async 'fetch-event-source'(load) {
    // It is written for pages.
    const page = { window: globalThis, document: { hidden: false, removeEventListener() {} } }
    for (const [name, value] of Object.entries(page))
      if (!(name in globalThis)) Object.assign(globalThis, { [name]: value })
    const { fetchEventSource } = (await load('@microsoft/fetch-event-source')) as unknown as {
      fetchEventSource(url: string, options: object): Promise<void>
    }
    return {
      open(url, { event, failed }) {
        const controller = new AbortController()
        const { signal } = controller
        const onmessage = ({ data }: { data: string }): void => event(data)
        // Without an end of ours, it would take the end of a stream for the end of all.
        const onclose = (): never => {
          throw new Error('the stream ended')
        }
        fetchEventSource(url, { signal, onmessage, onclose, openWhenHidden: true }).catch(failed)
        return { close: () => controller.abort() }
      },
    }
  },
}
