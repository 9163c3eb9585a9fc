import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import type { Browser } from 'puppeteer-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { run } from '../package/command.ts'
import { hasChromium, launchBrowser, listedItems, startApplication } from './application.ts'
import { openStream } from './event-stream.ts'
import { directoryOf, isInstalled } from './groups.ts'

const directory = directoryOf('bundlers')
// What vitest sets for its own workers is not for other tools.
const { VITEST, VITEST_POOL_ID, VITEST_WORKER_ID, NODE_OPTIONS, NODE_ENV, ...given } = process.env
const env = { ...given, NEXT_TELEMETRY_DISABLED: '1' }

/** The maximum time of a bundler in ms: the machine is busy with other tests at the same time. */
const timeout = 400_000

/** What the page of the application lists when every entry point works. */
const everyEntryPoint = [
  'EventSource: hello',
  'EventSource of the polyfill: hello',
  'SharedEventSource: hello',
  'openEventStream: hello',
]

/** Metro treats an import without names as a require, and `exports` gives it another file: the polyfill is a copy. */
const everyEntryPointByMetro = everyEntryPoint.with(1, 'EventSource of the polyfill: false')

let browser: Browser | undefined

beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(() => browser?.close())

// They take minutes, so they run in CI alone.
const runs = Boolean(process.env['CI']) && hasChromium && isInstalled('bundlers')

describe.skipIf(!runs)('An application can import every entry point', () => {
  test.for(['vite', 'webpack', 'rspack', 'parcel', 'metro', 'metro without exports'])(
    'The application is built by %s and receives events in Chromium',
    { timeout },
    async (bundler) => {
      const folder = await mkdtemp(join(tmpdir(), 'everysource-bundle-'))
      try {
        await run(process.execPath, ['build.mjs', bundler, folder], { cwd: directory, env })
        const script = await readFile(join(folder, 'page.js'), 'utf8')
        const application = await startApplication({ '/page.js': script }, (_, response) => {
          openStream(response)({ data: 'hello' })
        })
        try {
          expect(await listedItems(browser, application.origin, everyEntryPoint.length)).toEqual(
            bundler === 'metro' ? everyEntryPointByMetro : everyEntryPoint,
          )
        } finally {
          await application.close()
        }
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    },
  )

  test('The application is built by Next.js and receives events on its server and in Chromium', {
    timeout,
  }, async () => {
    const next = join(directory, 'node_modules/next/dist/bin/next')
    // What it keeps of an earlier build may hold an earlier package.
    await rm(join(directory, 'next/.next'), { recursive: true, force: true })
    await run(process.execPath, [next, 'build', 'next'], { cwd: directory, env })
    const server = spawn(process.execPath, [next, 'start', 'next', '--port', '0', '--hostname', '127.0.0.1'], {
      cwd: directory,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout,
      killSignal: 'SIGKILL',
    })
    try {
      const origin = await announcedOrigin(server)
      const response = await fetch(`${origin}/server`)
      expect(await response.json()).toEqual({
        EventSource: 'hello',
        polyfill: 'hello',
        openEventStream: 'hello',
        SharedEventSource: 'function',
      })
      expect(await listedItems(browser, origin, everyEntryPoint.length)).toEqual(everyEntryPoint)
    } finally {
      const exited = once(server, 'exit')
      server.kill()
      await exited
    }
  })
})

/** Reads from its output where the server is. */
async function announcedOrigin({ stdout }: ChildProcess): Promise<string> {
  if (stdout === null) throw new Error('the server has no output')
  for await (const line of createInterface({ input: stdout })) {
    const [, origin] = /Local:\s+(http:\/\/\S+)/.exec(line) ?? []
    if (origin !== undefined) return origin
  }
  throw new Error('the server ended before it listened')
}
