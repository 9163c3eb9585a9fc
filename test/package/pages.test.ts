import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'
import type { Browser, Page } from 'puppeteer-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { chromiumExecutable, startChromium } from '../conformance/runners/puppeteer-browser.ts'
import { installed } from '../installed.ts'
import { samplesFor } from './documents.ts'
import { type SampleProject, startSampleProject } from './sample-project.ts'

const runner = 'package/pages.test.ts'
const inReadme = await samplesFor(runner, 'README.md')
const inReference = await samplesFor(runner, 'src/REFERENCE.md')
const executable = chromiumExecutable()

let browser: Browser | undefined
let project: SampleProject
const pages: Page[] = []
const problems: string[] = []

beforeAll(async () => {
  browser = executable === undefined ? undefined : await startChromium(executable)
})
beforeEach(async () => {
  project = await startSampleProject({ speed: 10 })
  problems.length = 0
})
afterEach(async () => {
  await Promise.all(pages.splice(0).map((page) => page.close()))
  await project[Symbol.asyncDispose]()
})
afterAll(() => browser?.close())

/** Opens the page that the server of the samples serves. */
async function openPage(skip: (note: string) => never): Promise<Page> {
  const page = await installed('Chromium', browser, skip).newPage()
  pages.push(page)
  page.on('pageerror', (error) => problems.push(`${error}`))
  await page.goto(`${project.origin}/`)
  return page
}

/** The lines in the page once it has a text; rejects if the page throws. */
async function linesWith(page: Page, text: string): Promise<string[]> {
  const read = (): Promise<string> => page.$eval('#events', ({ textContent }) => textContent ?? '')
  await expect.poll(async () => problems.length > 0 || (await read()).includes(text)).toBe(true)
  expect(problems).toEqual([])
  return (await read()).trim().split('\n')
}

test('page.html of README lists the events in Chromium', async ({ skip }) => {
  await project.write('page.html', inReadme('page.html'))
  const page = await openPage(skip)
  const lines = await linesWith(page, '{"number":6}')
  expect(lines.slice(0, 2)).toEqual(['{"number":1}', '{"number":2}'])
})

test('tabs.html of README has one connection for two tabs, and the second gets the last events, too', async ({
  skip,
}) => {
  await project.write('page.html', inReadme('tabs.html'))
  const first = await openPage(skip)
  await linesWith(first, '6 {"number":6}')
  const second = await openPage(skip)
  const lines = await linesWith(second, '{"number":12}')
  const numberOf = (line = ''): number => Number(line.split(' ')[0])
  // Its own connection would begin with 1, and without `replay` it would get only later events.
  expect(numberOf(lines[0])).toBeGreaterThan(1)
  expect(lines.map(numberOf)).toEqual(lines.map((_, index) => numberOf(lines[0]) + index))
  const alsoInFirst = await linesWith(first, lines[0] ?? '')
  expect(alsoInFirst).toContain(lines[0])
  const nativeIsLeftAlone = await first.evaluate(() => window.EventSource.toString().includes('[native code]'))
  expect(nativeIsLeftAlone).toBe(true)
})

test('shared-private.js of the reference sends its token in Chromium', async ({ skip }) => {
  const { outputFiles } = await build({
    stdin: { contents: inReference('shared-private.js'), resolveDir: project.directory },
    bundle: true,
    write: false,
    format: 'iife',
    platform: 'browser',
    logLevel: 'error',
  })
  const log = `console.log = (text) => document.getElementById('events').append(text + '\\n');`
  await project.write(
    'page.html',
    `<!doctype html><pre id="events"></pre><script>${log}\n${outputFiles[0]?.text}</script>`,
  )
  const page = await openPage(skip)
  await linesWith(page, '{"number":6}')
})

test('The script of the package has all names of its entry points', async ({ skip }) => {
  const script = join(project.directory, 'node_modules/everysource/dist/everysource.global.js')
  await project.write('page.html', `<script>${await readFile(script, 'utf8')}</script>`)
  const page = await openPage(skip)
  const names = await page.evaluate(() => Object.keys((window as unknown as { everysource: object }).everysource))
  const modules = await Promise.all(
    ['index', 'shared/shared-event-source'].map(
      (entry) => import(join(project.directory, `node_modules/everysource/dist/browser/${entry}.js`)),
    ),
  )
  expect(names.toSorted()).toEqual(modules.flatMap((module) => Object.keys(module)).toSorted())
})
