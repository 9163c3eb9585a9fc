import type { SubjectName } from '../subjects.ts'

/** The callbacks of a stream, the same for every client. */
export interface Listener {
  event(data: string): void
  /** Called if the stream has failed permanently. */
  failed(error: unknown): void
}

export interface Connection {
  close(): void
}

export interface Client {
  open(url: string, listener: Listener): Connection
  /** Returns the data of each event, if the client has an async iterator. */
  iterate?(url: string): AsyncIterable<{ data: string }>
}

/** The part of EventSource that is used here. */
interface EventSourceLike {
  addEventListener(type: string, listener: (event: { data: string }) => void): void
  close(): void
}

type EventSourceClass = new (url: string, init?: object) => EventSourceLike

/** The exports of a module. The peers have no types here, because they are installed only when the benchmarks run. */
type Exports = Record<string, never>

export type Load = (module: string) => Promise<Exports>

const maxEventSize = 2 ** 30

function clientFromClass(EventSource: EventSourceClass, init?: object): Client {
  return {
    open(url, listener) {
      const source = new EventSource(url, init)
      source.addEventListener('message', ({ data }) => listener.event(data))
      // launchdarkly-eventsource throws errors that have no listener.
      source.addEventListener('error', () => {})
      return source
    },
  }
}

interface Everysource {
  EventSource: EventSourceClass
  openEventStream(url: string, init: object): AsyncIterable<{ data: string }>
}

function everysourceClient(exports: Exports, init: object = {}): Client {
  const { EventSource, openEventStream } = exports as unknown as Everysource
  return {
    ...clientFromClass(EventSource, { ...init, maxEventSize }),
    iterate: (url) => openEventStream(url, { ...init, until: ({ data }: { data: string }) => data === '[DONE]' }),
  }
}

/** The clients, without the baselines. `load` imports a module, and `everysource` is the file to import everysource from. */
export const adapters: Partial<Record<SubjectName, (load: Load, everysource: string) => Promise<Client>>> = {
  everysource: async (load, everysource) => everysourceClient(await load(everysource)),
  'everysource-fetch': async (load, everysource) =>
    everysourceClient(await load(everysource), { fetch: globalThis.fetch }),
  other: async (load, everysource) => everysourceClient(await load(everysource)),
  eventsource: async (load) => clientFromClass((await load('eventsource'))['EventSource'] as never),
  eventsource4: async (load) => clientFromClass((await load('eventsource4'))['EventSource'] as never),
  undici: async (load) => clientFromClass((await load('undici'))['EventSource'] as never),
  'launchdarkly-eventsource': async (load) =>
    clientFromClass((await load('launchdarkly-eventsource'))['EventSource'] as never),
  'event-source-polyfill': async (load) =>
    clientFromClass((await load('event-source-polyfill'))['EventSourcePolyfill'] as never),
  'extended-eventsource': async (load) => clientFromClass((await load('extended-eventsource'))['EventSource'] as never),
  native: async () => clientFromClass(globalThis.EventSource as unknown as EventSourceClass),

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
    // fetch-event-source needs the globals of a page.
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
        // fetch-event-source reconnects after the end of a stream only if `onclose` throws.
        const onclose = (): never => {
          throw new Error('the stream ended')
        }
        fetchEventSource(url, { signal, onmessage, onclose, openWhenHidden: true }).catch(failed)
        return { close: () => controller.abort() }
      },
    }
  },
}
