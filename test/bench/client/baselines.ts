import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { connect } from 'node:http2'
import type { SubjectName } from '../subjects.ts'
import type { Load } from './adapters.ts'
import { readWithFetch } from './read-with-fetch.ts'
import { createDispatch, type Read, readWithParser } from './read-with-parser.ts'

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

  'fetch-discard': async () => (url) => readWithFetch(url, () => {}),

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
