import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { connect } from 'node:http2'
import type { SubjectName } from '../subjects.ts'
import type { Load } from './adapters.ts'
import { readWithFetch } from './read-with-fetch.ts'

/** Reads a response to its end. */
type Read = (url: string) => Promise<void>

async function readWithHttp(url: string, handle: (chunk: Uint8Array) => void): Promise<void> {
  const [response] = (await once(get(url), 'response')) as [IncomingMessage]
  await once(response.on('data', handle), 'end')
}

async function readWithHttp2(url: string, handle: (chunk: Uint8Array) => void): Promise<void> {
  const { origin, pathname, search } = new URL(url)
  const session = connect(origin)
  await once(session.request({ ':path': pathname + search }).on('data', handle), 'end')
  session.close()
}

/** Programs that do only a part of what any client must do, which no client can be faster than. */
export const baselines: Partial<Record<SubjectName, (load: Load) => Promise<Read>>> = {
  'http-discard': async () => (url) => readWithHttp(url, () => {}),

  'fetch-discard': async () => readWithFetch,

  'http-decode': async () => (url) => {
    const decoder = new TextDecoder()
    return readWithHttp(url, (chunk) => decoder.decode(chunk, { stream: true }))
  },

  'http-parse': async (load) => readWithParser(readWithHttp, load, () => {}),

  async 'http-dispatch'(load) {
    const target = new EventTarget()
    target.addEventListener('message', () => {})
    return readWithParser(readWithHttp, load, () => target.dispatchEvent(new Event('message')))
  },

  'http-message': async (load) => readWithParser(readWithHttp, load, createDispatch()),

  'http2-discard': async () => (url) => readWithHttp2(url, () => {}),

  async 'http2-dispatch'(load) {
    const target = new EventTarget()
    target.addEventListener('message', () => {})
    return readWithParser(readWithHttp2, load, () => target.dispatchEvent(new Event('message')))
  },

  'http2-message': async (load) => readWithParser(readWithHttp2, load, createDispatch()),
}

/** An Event with what a message must have. */
class MessageLike extends Event {
  readonly data: string
  readonly origin = 'https://feed.example'
  readonly lastEventId: string

  constructor({ data, id = '' }: ParsedEvent) {
    super('message')
    this.data = data
    this.lastEventId = id
  }
}

interface ParsedEvent {
  readonly data: string
  readonly id?: string | undefined
}

/** Dispatches events to a listener that reads their data. */
function createDispatch(): (event: ParsedEvent) => void {
  const target = new EventTarget()
  target.addEventListener('message', (event) => {
    if (typeof (event as MessageLike).data !== 'string') throw new TypeError('an event has no data')
  })
  return (event) => target.dispatchEvent(new MessageLike(event))
}

async function readWithParser(
  readBytes: typeof readWithHttp,
  load: Load,
  onEvent: (event: ParsedEvent) => void,
): Promise<Read> {
  const { createParser } = (await load('eventsource-parser')) as unknown as {
    createParser(options: object): { feed(text: string): void }
  }
  return (url) => {
    const decoder = new TextDecoder()
    const parser = createParser({ onEvent, maxBufferSize: Number.POSITIVE_INFINITY })
    return readBytes(url, (chunk) => parser.feed(decoder.decode(chunk, { stream: true })))
  }
}
