import { readFile } from 'node:fs/promises'
import type { RequestListener } from 'node:http'
import { join } from 'node:path'
import process from 'node:process'
import { build } from 'esbuild'
import puppeteer, { type Browser } from 'puppeteer-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { chromiumExecutable, chromiumOptions } from '../conformance/runners/puppeteer-browser.ts'
import { type HttpServer, startHttpServer } from '../http-server.ts'
import { numberedFeed } from './event-stream.ts'
import { directoryOf, isInstalled } from './groups.ts'

const { CI } = process.env
const chromium = chromiumExecutable()
const directory = directoryOf('libraries')
const implementations = ['the native class', 'everysource'] as const

let browser: Browser
let server: HttpServer
/** Requests for the feed that the server is answering. */
let open: number

beforeAll(async () => {
  if (chromium !== undefined) browser = await puppeteer.launch(chromiumOptions(chromium))
  else if (CI) throw new Error('Chromium is missing: CHROMIUM_PATH says where it is')
})
afterEach(() => server?.close())
afterAll(() => browser?.close())

/** Bundles a page's program as an application would be. */
async function bundle(name: string, implementation: (typeof implementations)[number]): Promise<string> {
  const polyfill = implementation === 'everysource' ? `import 'everysource/polyfill/force'` : ''
  const { outputFiles } = await build({
    stdin: { contents: `${polyfill}\nimport './pages/${name}.js'`, resolveDir: directory },
    bundle: true,
    write: false,
    format: 'iife',
    define: { 'process.env.NODE_ENV': '"development"' },
    logLevel: 'error',
  })
  return outputFiles[0]?.text ?? ''
}

/** Serves an application's page and its files, and the feed at /events. */
async function startServer(files: Readonly<Record<string, string>>, feed: RequestListener): Promise<void> {
  open = 0
  server = await startHttpServer((request, response) => {
    const { url = '' } = request
    const script = files[url]
    if (url === '/events') {
      open++
      response.once('close', () => open--)
      feed(request, response)
    } else if (script !== undefined) {
      response.writeHead(200, { 'Content-Type': 'text/javascript; charset=utf-8' }).end(script)
    } else {
      const page = '<!doctype html><title>An application</title><body><script src="/page.js"></script></body>'
      response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(page)
    }
  })
}

/** Opens the page, waits until its list has items enough and `holds` does, and returns the items. */
async function openPage(count: number, holds: () => boolean = () => true): Promise<(string | null)[]> {
  const page = await browser.newPage()
  try {
    await page.goto(server.origin)
    const items = () => page.evaluate(() => [...document.querySelectorAll('li')].map((item) => item.textContent))
    await expect.poll(async () => (await items()).length >= count && holds()).toBe(true)
    return await items()
  } finally {
    await page.close()
  }
}

const element = (item: string): string => `<li>${item}</li>`
const withId = (item: string, number: number): string => `${number}: ${item}`

interface LibraryPage {
  readonly program: string
  /** The data that the feed sends for an item. */
  readonly dataOf?: (item: string) => string
  /** What the page lists for an item. */
  readonly listed?: (item: string, number: number) => string
}

const pages: readonly [string, LibraryPage][] = [
  ['useEventSource() of VueUse', { program: 'vueuse', listed: withId }],
  ['a component that StrictMode of React mounts twice', { program: 'react', listed: withId }],
  [
    'Turbo',
    {
      program: 'turbo',
      dataOf: (item) =>
        `<turbo-stream action="append" target="list"><template>${element(item)}</template></turbo-stream>`,
    },
  ],
  ['htmx with its extension for events', { program: 'htmx', dataOf: element }],
  ['a listener in a zone of zone.js', { program: 'zone', listed: (item) => `${item} in the zone app` }],
  [
    'a source outside of a zone of zone.js',
    { program: 'zone-outside', listed: (item) => `${item} after 0 tasks in the zone` },
  ],
]

describe.skipIf(chromium === undefined || !isInstalled('libraries')).each(implementations)(
  'in Chromium, with %s,',
  (implementation) => {
    test.for(pages)('%s receives every event once, over one connection', async ([, page]) => {
      const { program, dataOf = (item) => item, listed = (item) => item } = page
      const feed = numberedFeed(9, 3, (number) => ({ data: dataOf(`item ${number}`) }))
      await startServer({ '/page.js': await bundle(program, implementation) }, feed)
      const items = await openPage(9, () => open === 1)
      expect(items).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9].map((number) => listed(`item ${number}`, number)))
    })

    test.for([2, 3])('msw %d answers in place of the network', async (version) => {
      const workerFile = join(directory, `node_modules/msw-${version}/lib/mockServiceWorker.js`)
      let reached = 0
      const files = {
        '/page.js': await bundle(`msw-${version}`, implementation),
        '/mockServiceWorker.js': await readFile(workerFile, 'utf8'),
      }
      await startServer(files, (_, response) => {
        reached++
        response.writeHead(404).end()
      })
      expect(await openPage(3)).toEqual(['/by-http: mocked', '/by-sse: mocked', '/events: error'])
      expect(reached).toBe(0)
    })
  },
)
