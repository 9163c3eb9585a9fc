import { get } from 'node:http'
import { type ClientHttp2Session, connect } from 'node:http2'
import type { SubjectName } from '../subjects.ts'
import type { Client, Load } from './adapters.ts'

/** The maximum number of streams of one connection, as in everysource. */
const maxStreams = 250

/** Opens a stream, and reads its chunks. */
type OpenBare = (
  url: string,
  read: (chunk: Buffer) => void,
  failed: (error: Error) => void,
) => ReturnType<Client['open']>

/** Opens streams with node:http: a connection each. */
const openHttp: OpenBare = (url, read, failed) => {
  const request = get(url, { agent: false, headers: { accept: 'text/event-stream' } }, (response) =>
    response.on('data', read),
  ).on('error', failed)
  return { close: () => request.destroy() }
}

/** Opens streams, and does nothing else. */
const bare = (open: OpenBare): Client => ({
  open: (url, { event, failed }) => open(url, (chunk) => event(`${chunk}`), failed),
})

interface ParserModule {
  createParser(handler: { onEvent(event: { data: string }): void }): { feed(text: string): void }
}

/** Opens streams as `bare` does, and dispatches events: the least that an EventSource needs. */
async function withEventTarget(bare: OpenBare, load: Load): Promise<Client> {
  const { createParser } = (await load('eventsource-parser')) as unknown as ParserModule
  return {
    open(url, listener) {
      const target = new EventTarget()
      target.addEventListener('message', (event) => listener.event((event as MessageEvent<string>).data))
      const decoder = new TextDecoder()
      const parser = createParser({
        onEvent: ({ data }) => target.dispatchEvent(new MessageEvent('message', { data })),
      })
      return bare(url, (chunk) => parser.feed(decoder.decode(chunk, { stream: true })), listener.failed)
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
function createOpenHttp2(): OpenBare {
  let session: ClientHttp2Session | undefined
  let room = 0
  return (url, read, failed) => {
    const { origin, pathname, search } = new URL(url)
    if (!session || room === 0) {
      session = connect(origin)
      room = maxStreams
    }
    room--
    const stream = session.request({ ':path': pathname + search, accept: 'text/event-stream' })
    stream.on('data', read).on('error', failed)
    return { close: () => stream.close() }
  }
}

/** The bare transports: programs that only open a stream and read what arrives. */
export const bareClients: Partial<Record<SubjectName, (load: Load) => Client | Promise<Client>>> = {
  'http-open': () => bare(openHttp),
  'http-event-target': (load) => withEventTarget(openHttp, load),
  'undici-open': bareUndici,
  'http2-open': () => bare(createOpenHttp2()),
  'http2-event-target': (load) => withEventTarget(createOpenHttp2(), load),
}
