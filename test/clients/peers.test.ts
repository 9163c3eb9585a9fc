import { readFile } from 'node:fs/promises'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { text as readText } from 'node:stream/consumers'
import { build } from 'esbuild'
import type { Browser, Page } from 'puppeteer-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startHttpServer } from '../http-server.ts'
import { readDocument } from '../package/documents.ts'
import { startProgram } from '../package/program.ts'
import { hasChromium, launchBrowser } from './application.ts'
import { directoryOf, isInstalled } from './groups.ts'

/*
 * README's table of clients, cell by cell. Each test tries what its row says, with each client, and expects the word that
 * the cell has.
 */

const directory = directoryOf('peers')
const names = [
  'everysource',
  'native',
  'eventsource',
  '@microsoft/fetch-event-source',
  'event-source-polyfill',
  'eventsource-client',
  'react-native-sse',
] as const
type Name = (typeof names)[number]

const readme = await readDocument('README.md')
const rows = readme
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) =>
    line
      .split('|')
      .map((cell) => cell.trim())
      .slice(1, -1),
  )
const header = rows.find((cells) => cells.includes('`react-native-sse`')) ?? []

/** The cells of the row that begins with this text, by client. */
function cellsOf(title: string): Record<string, string> {
  const [, ...cells] = rows.find(([first]) => first === title) ?? []
  const columns = header.slice(1).map((name) => name.replaceAll('`', '').replace(/^native$/, 'native'))
  return Object.fromEntries(columns.map((name, index) => [name, cells[index] ?? '']))
}

interface Observed {
  readonly requests: readonly IncomingMessage[]
  readonly bodies: readonly string[]
  readonly messages: readonly string[]
  readonly statuses: readonly number[]
  readonly delays: readonly number[]
  readonly isClosed: boolean
}

interface Attempt {
  readonly options?: object
  readonly made?: 'asyncHeaders' | 'onopen'
  readonly byFetch?: boolean
  readonly areTimersShort?: boolean
  /** Answers the nth request. */
  readonly answer: (response: ServerResponse, number: number) => unknown
  /** Whether enough has been seen. */
  readonly until: (observed: Observed) => boolean
}

const stream = { 'Content-Type': 'text/event-stream' }
/** The first block is a message: some clients announce only those. */
const begin = (response: ServerResponse, data: string | number = 'hello'): ServerResponse => {
  response.writeHead(200, stream).write(`retry: 10\nid: 7\ndata: ${data}\n\n`)
  return response
}

describe.skipIf(!isInstalled('peers') || !hasChromium)('The table of README is true', { concurrent: false }, () => {
  let browser: Browser | undefined
  let script: string
  const pages: Page[] = []

  beforeAll(async () => {
    browser = await launchBrowser()
    const { outputFiles } = await build({
      entryPoints: [join(directory, 'page.js')],
      bundle: true,
      write: false,
      format: 'iife',
      logLevel: 'error',
    })
    script = outputFiles[0]?.text ?? ''
  })
  afterEach(() => Promise.all(pages.splice(0).map((page) => page.close())))
  afterAll(() => browser?.close())

  /** Opens a client in a new page of Chromium, and returns what was seen when it was enough. */
  async function attempt(name: Name, { answer, until, ...given }: Attempt): Promise<Observed> {
    const requests: IncomingMessage[] = []
    const bodies: string[] = []
    const listener: RequestListener = async (request, response) => {
      if (!request.url?.startsWith('/feed')) {
        const isScript = request.url === '/page.js'
        response.writeHead(200, { 'Content-Type': isScript ? 'text/javascript; charset=utf-8' : 'text/html' })
        response.end(isScript ? script : '<!doctype html><title>Peers</title><script src="/page.js"></script>')
        return
      }
      requests.push(request)
      bodies.push(await readText(request))
      await answer(response, requests.length)
    }
    await using server = await startHttpServer(listener)
    const page = await (browser as Browser).newPage()
    pages.push(page)
    await page.goto(server.origin)
    await page.evaluate(
      (which, options) =>
        (globalThis as unknown as { start: (...all: unknown[]) => void }).start(which, '/feed', options),
      name,
      given,
    )
    const observe = async (): Promise<Observed> => {
      const state = await page.evaluate(() => {
        const { seen, state } = globalThis as unknown as { seen: object; state: () => object }
        return { ...seen, ...state() } as Omit<Observed, 'requests' | 'bodies'>
      })
      return { ...state, requests: [...requests], bodies: [...bodies] }
    }
    let observed = await observe()
    await expect
      .poll(async () => {
        observed = await observe()
        return until(observed)
      })
      .toBe(true)
    return observed
  }

  /** Expects each client's cell to be what the client is found to do. */
  const row = (title: string, find: (name: Name) => Promise<string> | string): void => {
    test(`The row "${title}" says what each client does`, async () => {
      const found = await Promise.all(names.map(async (name) => [name, await find(name)] as const))
      expect(cellsOf(title)).toEqual(Object.fromEntries(found))
    })
  }

  const hasRequestAndMessage = ({ messages }: Observed): boolean => messages.length > 0

  /** "yes" if the members of the client's own do it, "via `fetch`" if a function given as `fetch` does, otherwise "no". */
  async function byOptions(name: Name, given: Omit<Attempt, 'until' | 'answer'>, holds: (seen: Observed) => boolean) {
    const answer = (response: ServerResponse): unknown => begin(response)
    const isEnough = (seen: Observed): boolean => hasRequestAndMessage(seen) || seen.isClosed
    for (const [word, byFetch] of [
      ['yes', false],
      ['via `fetch`', true],
    ] as const) {
      const seen = await attempt(name, { ...given, byFetch, answer, until: isEnough })
      if (holds(seen)) return word
    }
    return 'no'
  }

  row("The standard's members", async (name) => {
    const seen = await attempt(name, { answer: begin, until: hasRequestAndMessage })
    const { members } = seen as unknown as { members: readonly string[] }
    return members.length === 0 ? 'yes' : 'no'
  })

  row('Request headers', (name) =>
    byOptions(name, { options: { headers: { 'X-Token': 'secret' } } }, ({ requests }) =>
      requests.some(({ headers }) => headers['x-token'] === 'secret'),
    ),
  )

  row('Headers from an async function', (name) =>
    byOptions(name, { made: 'asyncHeaders' }, ({ requests }) =>
      requests.some(({ headers }) => headers['x-token'] === 'token 1'),
    ),
  )

  row('POST with a body', (name) =>
    byOptions(name, { options: { method: 'POST', body: 'question' } }, ({ requests, bodies }) =>
      requests.some(({ method }, index) => method === 'POST' && bodies[index] === 'question'),
    ),
  )

  const isResumed = ({ requests }: Observed): boolean =>
    requests.slice(1).some(({ headers, url }) => headers['last-event-id'] === '7' || url?.includes('lastEventId=7'))

  row('Resumes a lost connection', async (name) => {
    const answer = (response: ServerResponse): void => {
      begin(response)
      response.flushHeaders()
      setImmediate(() => response.socket?.resetAndDestroy())
    }
    const until = (seen: Observed): boolean => isResumed(seen) || seen.isClosed
    return isResumed(await attempt(name, { answer, until })) ? 'yes' : 'no'
  })

  row('Resumes after a clean end', async (name) => {
    const answer = (response: ServerResponse): unknown => begin(response).end()
    const until = (seen: Observed): boolean => isResumed(seen) || seen.isClosed
    return isResumed(await attempt(name, { answer, until })) ? 'yes' : 'no'
  })

  row('Backs off while the server is down', async (name) => {
    // The browser decides, and a script cannot see it.
    if (name === 'native') return 'up to the browser'
    const answer = (response: ServerResponse): unknown => response.socket?.destroy()
    // The delays for which the client starts timers. Requests are not counted, because a browser may repeat one on a
    // reused connection.
    const waitsOf = ({ delays }: Observed): number[] => delays.filter((delay) => delay >= 10 && delay < 40_000)
    const seen = await attempt(name, { answer, until: (seen) => waitsOf(seen).length >= 8 || seen.isClosed })
    const waits = waitsOf(seen)
    if (waits.length < 8) return 'gives up'
    return new Set(waits).size >= 4 ? 'yes' : 'no'
  })

  row('Reconnects after a 503', async (name) => {
    const seen = await attempt(name, {
      options: { retry: { statuses: [503], initialDelay: 1 } },
      answer: (response, number) => (number === 1 ? response.writeHead(503).end() : begin(response)),
      until: ({ messages, isClosed }) => messages.length > 0 || isClosed,
    })
    if (seen.messages.length === 0) return 'no'
    const other = await attempt(name, {
      answer: (response, number) => (number === 1 ? response.writeHead(404).end() : begin(response)),
      until: ({ messages, isClosed }) => messages.length > 0 || isClosed,
    })
    return other.messages.length === 0 ? 'if configured' : 'always, even after 404'
  })

  row('Errors include the HTTP status', async (name) => {
    const until = ({ statuses, isClosed, requests }: Observed): boolean =>
      statuses.length > 0 || isClosed || requests.length > 2
    const answer = (response: ServerResponse): unknown => response.writeHead(403).end('no')
    const { statuses } = await attempt(name, { answer, until })
    if (statuses.includes(403)) return 'yes'
    const again = await attempt(name, { answer, until, made: 'onopen' })
    return again.statuses.includes(403) ? 'in `onopen`' : 'no'
  })

  row('Detects a silent connection', async (name) => {
    const options = { idleTimeout: 50, heartbeatTimeout: 1_000, timeout: 1_000 }
    const source = await readSource(name)
    if (name === 'native' || !/idleTimeout|heartbeatTimeout/.test(source)) return 'no'
    const until = ({ requests }: Observed): boolean => requests.length > 1
    const seen = await attempt(name, { options, areTimersShort: false, answer: begin, until })
    return seen.requests.length > 1 ? 'yes' : 'no'
  })

  row('`for await`', async (name) => {
    if (name === 'everysource') {
      const module = await import(join(directory, 'node_modules/everysource/dist/browser/index.js'))
      return Symbol.asyncIterator in module.openEventStream('http://feed.test/', { fetch: () => {} }) ? 'yes' : 'no'
    }
    const seen = await attempt(name, { answer: begin, until: hasRequestAndMessage })
    return (seen as unknown as { isIterable: boolean }).isIterable ? 'yes, without backpressure' : 'no'
  })

  row('One connection for all tabs', async (name) =>
    /navigator\.locks|BroadcastChannel|SharedWorker/.test(await readSource(name)) ? 'yes' : 'no',
  )

  row('In Node', async (name) => {
    // Node 20 has no native class; later versions have one behind a flag.
    if (name === 'native') return 'EventSource' in globalThis ? 'yes' : 'behind a flag'
    await using server = await startHttpServer((request, response) => {
      const isAgain = request.headers['last-event-id'] === '7' || request.url?.includes('lastEventId')
      // A connection that stays open would keep the process alive through the wait.
      response.writeHead(200, { ...stream, Connection: 'close' })
      response.end(`retry: 1000\nid: 7\ndata: ${isAgain ? 'again' : 'hello'}\n\n`)
    })
    using program = startProgram(['node.js', name, `${server.origin}/feed`], { cwd: directory })
    const ending = program.exited.then(({ stdout }) => (stdout === '' ? 'no' : 'exits while waiting to reconnect'))
    return await Promise.race([program.printed('again').then(() => 'yes'), ending]).catch(() => ending)
  })
})

/** The source of a client, without what it depends on. */
async function readSource(name: Name): Promise<string> {
  if (name === 'native') return ''
  const files: Record<Exclude<Name, 'native'>, string> = {
    everysource: 'everysource/dist/everysource.global.js',
    eventsource: 'eventsource/dist/index.js',
    '@microsoft/fetch-event-source': '@microsoft/fetch-event-source/lib/esm/fetch.js',
    'event-source-polyfill': 'event-source-polyfill/src/eventsource.js',
    'eventsource-client': 'eventsource-client/src/client.ts',
    'react-native-sse': 'react-native-sse/src/EventSource.js',
  }
  return readFile(join(directory, 'node_modules', files[name]), 'utf8')
}
