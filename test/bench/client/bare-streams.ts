import { get } from 'node:http'
import { type ClientHttp2Session, connect } from 'node:http2'
import type { SubjectName } from '../subjects.ts'
import type { Client, Load } from './adapters.ts'

/** The maximum number of streams of one connection, as in everysource. */
const maxStreams = 250

/** Opens streams with node:http: a connection each. */
function bareHttp(): Client {
  return {
    open(url, listener) {
      const request = get(url, { agent: false, headers: { accept: 'text/event-stream' } }, (response) =>
        response.on('data', (chunk) => listener.event(`${chunk}`)),
      ).on('error', listener.failed)
      return { close: () => request.destroy() }
    },
  }
}

interface ParserModule {
  createParser(handler: { onEvent(event: { data: string }): void }): { feed(text: string): void }
}

/** Opens streams with node:http, and dispatches events: the least that an EventSource needs. */
async function bareEventTarget(load: Load): Promise<Client> {
  const { createParser } = (await load('eventsource-parser')) as unknown as ParserModule
  return {
    open(url, listener) {
      const target = new EventTarget()
      target.addEventListener('message', (event) => listener.event((event as MessageEvent<string>).data))
      const decoder = new TextDecoder()
      const parser = createParser({
        onEvent: ({ data }) => target.dispatchEvent(new MessageEvent('message', { data })),
      })
      const request = get(url, { agent: false, headers: { accept: 'text/event-stream' } }, (response) =>
        response.on('data', (chunk: Buffer) => parser.feed(decoder.decode(chunk, { stream: true }))),
      ).on('error', listener.failed)
      return { close: () => request.destroy() }
    },
  }
}

/** The part of undici's Client that is used here. */
interface UndiciClient {
  dispatch(options: object, handler: object): boolean
  destroy(): Promise<void>
}

/** Opens streams with a client of undici each, without `fetch`. */
async function bareUndici(load: Load): Promise<Client> {
  const { Client } = (await load('undici')) as unknown as { Client: new (origin: string) => UndiciClient }
  return {
    open(url, { event, failed }) {
      const { origin, pathname, search } = new URL(url)
      const client = new Client(origin)
      client.dispatch(
        { method: 'GET', path: pathname + search, headers: { accept: 'text/event-stream' } },
        {
          onRequestStart() {},
          onResponseStart() {},
          onResponseData: (_: unknown, chunk: Uint8Array) => event(`${chunk}`),
          onResponseEnd() {},
          onResponseError: (_: unknown, error: Error) => failed(error),
        },
      )
      return { close: () => void client.destroy() }
    },
  }
}

/** Opens streams with node:http2, over as few connections as everysource. */
function bareHttp2(): Client {
  let session: ClientHttp2Session | undefined
  let room = 0
  return {
    open(url, listener) {
      const { origin, pathname, search } = new URL(url)
      if (!session || room === 0) {
        session = connect(origin)
        room = maxStreams
      }
      room--
      const stream = session.request({ ':path': pathname + search, accept: 'text/event-stream' })
      stream.on('data', (chunk) => listener.event(`${chunk}`)).on('error', listener.failed)
      return { close: () => stream.close() }
    },
  }
}

/** The bare transports: programs that only open a stream and read what arrives. */
export const bareClients: Partial<Record<SubjectName, (load: Load) => Client | Promise<Client>>> = {
  'http-open': bareHttp,
  'http-event-target': bareEventTarget,
  'undici-open': bareUndici,
  'http2-open': bareHttp2,
}
