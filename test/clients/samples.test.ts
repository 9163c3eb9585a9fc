import { symlink } from 'node:fs/promises'
import type { RequestListener } from 'node:http'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startHttpServer } from '../http-server.ts'
import { samplesFor } from '../package/documents.ts'
import { type SampleProject, startSampleProject } from '../package/sample-project.ts'
import { hasChromium, launchBrowser, listedItems, startApplication } from './application.ts'
import { numberedFeed } from './event-stream.ts'
import { directoryOf, isInstalled } from './groups.ts'

// Samples of the reference that need other people's packages.
const inReference = await samplesFor('clients/samples.test.ts', 'src/REFERENCE.md')
const packages = join(directoryOf('libraries'), 'node_modules')

let project: SampleProject

beforeEach(async () => {
  project = await startSampleProject({ speed: 10 })
})
afterEach(() => project[Symbol.asyncDispose]())

/** Makes a package available to the project's programs, by the name that its users have for it. */
const provide = (name: string, installedAs = name): Promise<void> =>
  symlink(join(packages, installedAs), join(project.directory, 'node_modules', name))

describe.skipIf(!isInstalled('libraries'))('The samples of src/REFERENCE.md run in Node', () => {
  test('cookies.mjs sends the cookie that the server has set', async () => {
    const cookies: (string | undefined)[] = []
    const answer: RequestListener = (request, response) => {
      const { url, headers } = request
      if (url === '/login') return response.writeHead(204, { 'Set-Cookie': 'session=7; HttpOnly' }).end()
      cookies.push(headers.cookie)
      return numberedFeed(4, 2, (number) => ({ event: 'tick', data: { number } }))(request, response)
    }
    await using server = await startHttpServer(answer)
    await provide('tough-cookie')
    const text = inReference('cookies.mjs').replaceAll('http://localhost:3000', server.origin)
    await project.write('cookies.mjs', text)
    using program = project.start(['cookies.mjs'])
    await program.printed('4 {"number":4}')
    expect(cookies).toEqual(['session=7', 'session=7'])
  })

  test('msw.test.mjs passes in the test runner of Node', async () => {
    await provide('msw', 'msw-2')
    await project.write('msw.test.mjs', inReference('msw.test.mjs'))
    using program = project.start(['--test', 'msw.test.mjs'])
    const { stdout, exitCode } = await program.exited
    expect(stdout).toMatch(/^# pass 1$/m)
    expect(exitCode).toBe(0)
  })
})

describe.skipIf(!isInstalled('libraries') || !hasChromium)('The samples of src/REFERENCE.md run in Chromium', () => {
  let browser: Awaited<ReturnType<typeof launchBrowser>>

  beforeAll(async () => {
    browser = await launchBrowser()
  })
  afterAll(() => browser?.close())

  test('listen-outside.ts shows events in the zone, and runs no task in it for each of them', async () => {
    await project.write('listen-outside.ts', inReference('listen-outside.ts').replace('/feed', '/events'))
    // What Angular's NgZone is made of: it is not available without all of Angular.
    const page = `
      import 'zone.js'
      import { listenOutside } from './listen-outside.ts'
      let tasks = 0
      const inner = Zone.current.fork({
        name: 'angular',
        onInvokeTask(parent, current, target, task, applyThis, applyArgs) {
          tasks++
          return parent.invokeTask(target, task, applyThis, applyArgs)
        },
      })
      const ngZone = { run: (f) => inner.run(f), runOutsideAngular: (f) => inner.parent.run(f) }
      inner.run(() => listenOutside(ngZone, (data) => {
        const item = document.createElement('li')
        item.textContent = data + ' in the zone ' + Zone.current.name + ' after ' + tasks + ' tasks'
        document.body.append(item)
      }))`
    const { outputFiles } = await build({
      stdin: { contents: page, resolveDir: project.directory },
      nodePaths: [packages],
      bundle: true,
      write: false,
      format: 'iife',
      platform: 'browser',
      logLevel: 'error',
    })
    const feed = numberedFeed(20, 20, (number) => ({ event: 'tick', data: number }))
    await using application = await startApplication({ '/page.js': outputFiles[0]?.text ?? '' }, feed)
    const items = await listedItems(browser, application.origin, 1)
    expect(items.at(-1)).toBe('20 in the zone angular after 0 tasks')
    expect(items.length).toBeLessThan(20)
  })
})
