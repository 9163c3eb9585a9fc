import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'
import type { Browser } from 'puppeteer-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Application, hasChromium, launchBrowser, listedItems, startApplication } from './application.ts'
import { numberedFeed } from './event-stream.ts'
import { directoryOf, isInstalled } from './groups.ts'

const directory = directoryOf('libraries')
const implementations = ['the native class', 'everysource'] as const

let browser: Browser | undefined
let application: Application | undefined

beforeAll(async () => {
  browser = await launchBrowser()
})
afterEach(() => application?.close())
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

describe.skipIf(!hasChromium || !isInstalled('libraries')).each(implementations)(
  'Third-party libraries receive events in Chromium with %s',
  (implementation) => {
    test.for(pages)('%s receives every event once, over one connection', async ([, page]) => {
      const { program, dataOf = (item) => item, listed = (item) => item } = page
      const feed = numberedFeed(9, 3, (number) => ({ data: dataOf(`item ${number}`) }))
      const started = await startApplication({ '/page.js': await bundle(program, implementation) }, feed)
      application = started
      const items = await listedItems(browser, started.origin, 9, () => started.openFeeds === 1)
      expect(items).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9].map((number) => listed(`item ${number}`, number)))
    })

    test.for([2, 3])('msw %d answers in place of the network', async (version) => {
      const workerFile = join(directory, `node_modules/msw-${version}/lib/mockServiceWorker.js`)
      let reached = 0
      const files = {
        '/page.js': await bundle(`msw-${version}`, implementation),
        '/mockServiceWorker.js': await readFile(workerFile, 'utf8'),
      }
      application = await startApplication(files, (_, response) => {
        reached++
        response.writeHead(404).end()
      })
      expect(await listedItems(browser, application.origin, 3)).toEqual([
        '/by-http: mocked',
        '/by-sse: mocked',
        '/events: error',
      ])
      expect(reached).toBe(0)
    })
  },
)
