import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chromiumExecutable, firefoxExecutable } from '../conformance/runners/puppeteer-browser.ts'
import { installPeers } from './peers.ts'

/** In ms; every client is a process of its own, and the machine is busy. */
const longestRun = 400_000

let output: string
let arePeersThere: boolean

beforeAll(async () => {
  output = await mkdtemp(join(tmpdir(), 'bench-'))
  arePeersThere = await installPeers()
}, longestRun)

afterAll(() => rm(output, { recursive: true, force: true }))

/** Runs a bench command with as little work as there can be, and returns what it printed. */
async function run(command: string, ...given: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', join(import.meta.dirname, `${command}.ts`), '--rounds', '1', '--output', output, ...given],
    { timeout: longestRun },
  )
  return stdout
}

/** The first cell and the second of each row of the tables. */
function readTables(printed: string): Record<string, string> {
  const rows = printed
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.split('|').map((cell) => cell.trim()))
  return Object.fromEntries(rows.map(([, title = '', figure = '']) => [title.replace(/ [\d.]+$/, ''), figure]))
}

const figure = expect.stringMatching(/^[\d.,]+$/)

const figures = (...titles: string[]): Record<string, unknown> =>
  expect.objectContaining(Object.fromEntries(titles.map((title) => [title, figure])))

test('a table of the flood has every peer and every limit, and so have the JSON and the chart', {
  timeout: longestRun,
}, async ({ skip }) => {
  if (!arePeersThere) skip('the peers are not installed')
  const table = readTables(await run('bench', '--works', 'flood', '--scale', '0.001'))
  const everyone = [
    ...['everysource', 'everysource over fetch', 'eventsource', 'undici', 'eventsource-client'],
    ...['launchdarkly-eventsource', 'event-source-polyfill', 'extended-eventsource', 'fetch-event-source'],
    ...['node:http, read', 'fetch, read', 'node:http, decoded', 'node:http, decoded, parsed'],
  ]
  expect(table).toEqual(figures(...everyone))
  for (const title of everyone) {
    expect(await readFile(join(output, 'flood.json'), 'utf8')).toContain(title)
    expect(await readFile(join(output, 'flood.svg'), 'utf8')).toContain(title)
  }
})

test('every work gives a figure for ours and for a peer', { timeout: longestRun }, async ({ skip }) => {
  if (!arePeersThere) skip('the peers are not installed')
  const works = ['answer', 'idle', 'large', 'resume', 'latency', 'block', 'deno', 'bun']
  await run('bench', '--works', works.join(), '--scale', '0.001', '--peers', 'eventsource')
  for (const work of works) {
    const { outcomes } = JSON.parse(await readFile(join(output, `${work}.json`), 'utf8'))
    for (const { title, rounds, failure } of outcomes) {
      if (/is not installed/.test(failure)) console.warn(`SKIPPED: ${work}: ${failure}`)
      else expect(rounds, `${work}: ${title}: ${failure}`).toHaveLength(1)
    }
  }
})

test('a table of sizes has every peer that is for browsers', { timeout: longestRun }, async ({ skip }) => {
  if (!arePeersThere) skip('the peers are not installed')
  const peers = [
    'eventsource',
    'eventsource-client',
    'event-source-polyfill',
    'extended-eventsource',
    'fetch-event-source',
  ]
  expect(readTables(await run('size'))).toEqual(figures('everysource, EventSource', ...peers))
})

const browsers = [
  ['chromium', chromiumExecutable()],
  ['chromium-observed', chromiumExecutable()],
  ['firefox', firefoxExecutable()],
] as const

test.for(browsers)('a table of %s has every peer', { timeout: longestRun }, async ([name, executable], { skip }) => {
  if (!arePeersThere) skip('the peers are not installed')
  if (executable === undefined && !process.env['CI']) skip(`${name} is missing`)
  const printed = await run('browser', '--works', name, '--scale', '0.01')
  const peers = ['eventsource', 'event-source-polyfill', 'native EventSource', 'fetch, read']
  expect(readTables(printed)).toEqual(figures('everysource', ...peers))
})

test('a mistake on the command line is named, with what would be right', async () => {
  const failed = await run('bench', '--works', 'floood').catch((error) => error)
  expect(failed.code).toBe(2)
  expect(failed.stderr).toMatch(/^--works has floood, which is none of flood, writes, /)
  expect(await readdir(output)).not.toContain('floood.json')
})
