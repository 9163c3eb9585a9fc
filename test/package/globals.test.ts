import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createContext, runInContext } from 'node:vm'
import { build } from 'esbuild'
import { describe, expect, inject, test } from 'vitest'
import { startGreetingServer } from './greeting-server.ts'
import { runModule } from './program.ts'

const entries = ['index', 'shared/shared-event-source', 'polyfill', 'polyfill.force']
/** The builds for runtimes that Node is none of, and their formats. */
const builds = [
  ['default', ['js', 'cjs']],
  ['browser', ['js']],
] as const

/** A built entry as one script, without anything that Node would add. */
async function scriptOf(platform: string, entry: string, format: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(inject('consumer'), `node_modules/everysource/dist/${platform}/${entry}.${format}`)],
    bundle: true,
    format: 'iife',
    globalName: 'everysource',
    platform: 'neutral',
    write: false,
    logLevel: 'silent',
  })
  return outputFiles[0]?.text ?? ''
}

/** What jest-environment-jsdom has of what a source needs: no TextDecoder, TextEncoder, fetch, Response or MessagePort. */
function jsdomGlobals(): Record<string, unknown> {
  const names = [
    ...['Event', 'EventTarget', 'MessageEvent', 'DOMException', 'URL', 'URLSearchParams', 'Headers', 'AbortController'],
    ...['AbortSignal', 'performance', 'setTimeout', 'clearTimeout', 'queueMicrotask', 'console'],
  ] as const
  return Object.fromEntries(names.map((name) => [name, globalThis[name]]))
}

interface Loaded {
  EventSource: typeof import('../../src/index.ts').EventSource
  openEventStream: typeof import('../../src/index.ts').openEventStream
}

/** Loads the index of a build into a context that has these globals. */
async function load(platform: string, globals: Record<string, unknown>): Promise<Loaded> {
  const context = createContext(globals)
  runInContext(await scriptOf(platform, 'index', 'js'), context)
  return runInContext('everysource', context) as Loaded
}

/** Files that are read as they are, without a bundler that may rename classes. */
const files = ['everysource.global.js', 'default/index.cjs', 'node/index.cjs']

test.for(files)('The classes have their names in %s', async (file) => {
  const path = join(inject('consumer'), 'node_modules/everysource/dist', file)
  const print = `console.log(JSON.stringify(names(typeof everysource === 'object' ? everysource : require(${JSON.stringify(path)}))))`
  const names = `const names = (exported) => ['EventSource', 'ErrorEvent', 'EventStreamError'].map((name) => exported[name].name)`
  const script = file.endsWith('.global.js') ? await readFile(path, 'utf8') : ''
  const printed = await runModule(`${script}\n${names}\n${print}`, { commonJs: true })
  expect(JSON.parse(printed)).toEqual(['EventSource', 'ErrorEvent', 'EventStreamError'])
})

describe.for(builds)(
  'The build %s depends on no global before it is used',
  { timeout: 60_000 },
  ([platform, formats]) => {
    describe.for(formats)('The format .%s can be loaded without globals', (format) => {
      test.for(entries)('An import of %s needs no global', async (entry) => {
        const context = createContext({})
        runInContext(await scriptOf(platform, entry, format), context)
        const exported: unknown = runInContext('everysource', context)
        if (entry.startsWith('polyfill')) expect(runInContext('typeof EventSource', context)).toBe('function')
        else expect(Object.keys(exported as object).length).toBeGreaterThan(0)
      })

      test.for(entries)('An import of %s touches no global but the one that a polyfill defines', async (entry) => {
        const touched = new Set<PropertyKey>()
        const names = [
          'MessageEvent',
          'MessagePort',
          'TextDecoder',
          'fetch',
          'document',
          'navigator',
          'BroadcastChannel',
        ]
        const context = createContext({})
        for (const name of names) {
          Object.defineProperty(context, name, {
            get() {
              touched.add(name)
              return undefined
            },
          })
        }
        runInContext(await scriptOf(platform, entry, format), context)
        expect([...touched]).toEqual([])
      })
    })

    test('A source says that there is no EventTarget', async () => {
      const { EventSource } = await load(platform, { URL, DOMException })
      expect(() => new EventSource('http://feed.example/')).toThrow('this runtime has no EventTarget')
    })

    test.for(['TextDecoder', 'TextEncoder', 'Headers', 'AbortController'])(
      'A source without %s dispatches one error that names it',
      async (missing) => {
        const globals: Record<string, unknown> = { ...jsdomGlobals(), TextDecoder, TextEncoder, fetch }
        delete globals[missing]
        const { EventSource } = await load(platform, globals)
        const source = new EventSource('http://feed.example/')
        const error = await new Promise<import('../../src/index.ts').ErrorEvent>((resolve) => {
          source.onerror = resolve
        })
        expect(error).toMatchObject({ reason: 'unsupported', willReconnect: false })
        expect(error.message).toContain(missing)
        expect(source.readyState).toBe(2)
      },
    )

    test('A source where fetch is missing dispatches one error that names it', async () => {
      const { EventSource } = await load(platform, { ...jsdomGlobals(), TextDecoder, TextEncoder })
      const source = new EventSource('http://feed.example/')
      const error = await new Promise<import('../../src/index.ts').ErrorEvent>((resolve) => {
        source.onerror = resolve
      })
      expect(error).toMatchObject({ reason: 'unsupported', willReconnect: false })
      expect(error.message).toContain('fetch')
      expect(source.readyState).toBe(2)
    })

    test('A stream where TextDecoder is missing throws an error that names it', async () => {
      const { openEventStream } = await load(platform, { ...jsdomGlobals(), fetch })
      const iterator = openEventStream('http://feed.example/')[Symbol.asyncIterator]()
      await expect(iterator.next()).rejects.toMatchObject({
        reason: 'unsupported',
        message: expect.stringContaining('TextDecoder'),
      })
    })

    test('A source with what jsdom has, text coders and a fetch receives events', async () => {
      await using server = await startGreetingServer()
      const { EventSource } = await load(platform, { ...jsdomGlobals(), TextDecoder, TextEncoder })
      const source = new EventSource(`${server.origin}/greeting`, { fetch: (url, init) => fetch(url, init) })
      const event = await new Promise<MessageEvent>((resolve) => source.addEventListener('greeting', resolve))
      expect([event.data, event.lastEventId]).toEqual(['hello', '7'])
      source.close()
    })
  },
)
