import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { chromiumExecutable, firefoxExecutable } from '../conformance/runners/puppeteer-browser.ts'
import { installPeers } from './peers.ts'

/** The maximum time of a command in ms. Every client is a process, and the machine may be busy. */
const maxRunTime = 400_000

let output: string
let arePeersInstalled: boolean

beforeAll(async () => {
  arePeersInstalled = await installPeers()
}, maxRunTime)

beforeEach(async () => {
  output = await mkdtemp(join(tmpdir(), 'bench-'))
})

afterEach(() => rm(output, { recursive: true, force: true }))

/** Runs a benchmark command with one round, and returns its output. */
async function run(command: string, ...options: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', join(import.meta.dirname, `${command}.ts`), '--rounds', '1', '--output', output, ...options],
    { timeout: maxRunTime },
  )
  return stdout
}

/** One workload in results.json. */
interface Entry {
  readonly title: string
  readonly measuredAt: string
  readonly runtime: string
  readonly machine: string
  readonly values: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>
  readonly ratios: Readonly<Record<string, unknown>>
  readonly failures?: Readonly<Record<string, string>>
}

async function readResults(): Promise<Record<string, Entry>> {
  return JSON.parse(await readFile(join(output, 'results.json'), 'utf8'))
}

/** Returns the first two cells of each row of the tables, without versions in the first. */
function readTables(printed: string): Record<string, string> {
  const rows = printed
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.split('|').map((cell) => cell.trim()))
  return Object.fromEntries(rows.map(([, title = '', value = '']) => [title.replace(/ [\d.]+$/, ''), value]))
}

/** Matches a table with a number for each of these subjects. */
function numbersOf(...titles: string[]): Record<string, unknown> {
  const number = expect.stringMatching(/^[\d.,]+$/)
  return expect.objectContaining(Object.fromEntries(titles.map((title) => [title, number])))
}

it('The table, the JSON and the chart of the flood contain every peer and every baseline', {
  timeout: maxRunTime,
}, async ({ skip }) => {
  if (!arePeersInstalled) skip('the peers are not installed')
  const table = readTables(await run('bench', '--workloads', 'flood', '--scale', '0.001'))
  const subjects = [
    ...['everysource', 'everysource over fetch', 'eventsource', 'undici', 'eventsource-client'],
    ...['launchdarkly-eventsource', 'event-source-polyfill', 'extended-eventsource', 'fetch-event-source'],
    ...['node:http, read', 'fetch, read', 'node:http, decoded', 'node:http, decoded, parsed'],
  ]
  expect(table).toEqual(numbersOf(...subjects))
  const chart = await readFile(join(output, 'flood.svg'), 'utf8')
  const titles = Object.keys((await readResults())['flood']?.values ?? {})
  for (const subject of subjects) {
    expect(titles).toContainEqual(expect.stringMatching(new RegExp(`^${subject}( [\\d.]+)?$`)))
    expect(chart).toContain(subject)
  }
})

it('Every workload produces a value for everysource and for a peer', { timeout: maxRunTime }, async ({ skip }) => {
  if (!arePeersInstalled) skip('the peers are not installed')
  const workloads = [
    'sustained',
    'answer',
    'idle',
    'large',
    'resume',
    'latency',
    'block',
    'deno',
    'bun',
    'import',
    'first-event',
  ]
  await run('bench', '--workloads', workloads.join(), '--scale', '0.001', '--peers', 'eventsource')
  const results = await readResults()
  expect(Object.keys(results)).toEqual(workloads)
  for (const [name, { values, failures = {} }] of Object.entries(results)) {
    const [failure = ''] = Object.values(failures)
    if (failure.includes('is not installed')) {
      console.warn(`SKIPPED: ${name}: ${failure}`)
      continue
    }
    expect(failures, name).toEqual({})
    expect(Object.keys(values), name).toEqual(
      expect.arrayContaining(['everysource', expect.stringMatching(/^eventsource 5/)]),
    )
  }
})

it('The start of the command is compared with that of an empty process', { timeout: maxRunTime }, async ({ skip }) => {
  if (!arePeersInstalled) skip('the peers are not installed')
  expect(readTables(await run('bench', '--workloads', 'version'))).toEqual(numbersOf('everysource', 'Node alone'))
  expect(readTables(await run('bench', '--workloads', 'help'))).toEqual(numbersOf('everysource', 'Node alone'))
})

it('--check writes nothing', { timeout: maxRunTime }, async ({ skip }) => {
  if (!arePeersInstalled) skip('the peers are not installed')
  await run('bench', '--workloads', 'version', '--check')
  expect(await readdir(output)).toEqual([])
})

it('Every workload over HTTP/2 produces a value for everysource and for each baseline', {
  timeout: maxRunTime,
}, async ({ skip }) => {
  if (!arePeersInstalled) skip('the peers are not installed')
  const workloads = ['http2-flood', 'http2-writes', 'http2-idle']
  await run('bench', '--workloads', workloads.join(), '--scale', '0.001')
  const results = await readResults()
  for (const name of workloads) {
    expect(results[name]?.failures ?? {}, name).toEqual({})
    const titles =
      name === 'http2-idle'
        ? ['node:http2, open', 'node:http2, open, with a parser and an EventTarget']
        : ['node:http2, read', 'node:http2, to bare Events', 'node:http2, to Events with their data']
    expect(Object.keys(results[name]?.values ?? {}), name).toEqual(['everysource', ...titles])
  }
})

it('The results of a second run are added to results.json, and replace those of the same workload', {
  timeout: maxRunTime,
}, async ({ skip }) => {
  if (!arePeersInstalled) skip('the peers are not installed')
  const short = ['--scale', '0.001', '--peers', 'eventsource']
  await run('bench', '--workloads', 'flood,writes', ...short)
  const first = await readResults()
  await run('bench', '--workloads', 'writes', ...short)
  const second = await readResults()
  expect(second['flood']).toEqual(first['flood'])
  expect(second['writes']?.measuredAt).not.toBe(first['writes']?.measuredAt)
})

it('The results in the repository state the time, the runtime, the machine, and the median within its range', async () => {
  const results: Record<string, Entry> = JSON.parse(
    await readFile(join(import.meta.dirname, 'results/results.json'), 'utf8'),
  )
  for (const [name, { measuredAt, runtime, machine, values, ratios }] of Object.entries(results)) {
    expect(Date.parse(measuredAt), name).toBeGreaterThan(0)
    expect(runtime, name).toMatch(/^(Node|Deno|Bun|Chromium|Firefox|esbuild) [\d.]+$/)
    expect(machine, name).toMatch(/GiB$/)
    expect(Object.keys(ratios), name).toEqual(Object.keys(values).slice(1))
    for (const metrics of Object.values(values)) {
      for (const [median = Number.NaN, min, max] of Object.values(metrics)) {
        expect(median, name).toBeGreaterThanOrEqual(min ?? Number.NaN)
        expect(median, name).toBeLessThanOrEqual(max ?? Number.NaN)
      }
    }
  }
})

it('The table of sizes contains every peer for browsers', { timeout: maxRunTime }, async ({ skip }) => {
  if (!arePeersInstalled) skip('the peers are not installed')
  const peers = [
    'eventsource',
    'eventsource-client',
    'event-source-polyfill',
    'extended-eventsource',
    'fetch-event-source',
  ]
  expect(readTables(await run('size'))).toEqual(numbersOf('everysource, EventSource', ...peers))
})

const browsers = [
  ['chromium', chromiumExecutable()],
  ['chromium-observed', chromiumExecutable()],
  ['firefox', firefoxExecutable()],
] as const

it.for(browsers)(
  'The table of %s contains every peer',
  { timeout: maxRunTime },
  async ([name, executable], { skip }) => {
    if (!arePeersInstalled) skip('the peers are not installed')
    if (executable === undefined && !process.env['CI']) skip(`${name} is missing`)
    const printed = await run('browser', '--workloads', name, '--scale', '0.01')
    const peers = [
      'eventsource',
      'event-source-polyfill',
      'native EventSource',
      'fetch, read',
      'fetch, to Events with their data',
    ]
    expect(readTables(printed)).toEqual(numbersOf('everysource', ...peers))
    expect((await readResults())[name]?.runtime).toMatch(name === 'firefox' ? /^Firefox \d/ : /^Chromium \d/)
  },
)

it('An unknown workload ends the command with the names of all workloads', async () => {
  const failed = await run('bench', '--workloads', 'floood').catch((error) => error)
  expect(failed.code).toBe(2)
  expect(failed.stderr).toMatch(/^--workloads: unknown name floood; the names are flood, sustained, writes, /)
  expect(await readdir(output)).toEqual([])
})

it.each(['bench', 'browser', 'size'])('The command %s explains its options for --help', async (command) => {
  const help = await run(command, '--help')
  expect(help).toMatch(/^Usage: npm run bench/)
  for (const option of ['--workloads', '--peers', '--rounds', '--scale', '--output', '--other', '--check', '--help']) {
    expect(help).toContain(`  ${option} `)
  }
})
