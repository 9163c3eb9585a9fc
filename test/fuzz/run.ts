import process from 'node:process'
import { parseArgs } from 'node:util'
import { type BrowserName, browserNames } from '../browsers.ts'
import { type ClientResult, type Finding, fuzz, randomStreams, shrinkFinding } from './fuzz.ts'
import { startLab } from './lab.ts'
import type { ClientName } from './observation.ts'
import { chunksOf, type Tokens } from './random-stream.ts'

/*
 * Tests random streams in real browsers, with their own EventSource and with ours:
 *
 * npm run test:fuzz -- --streams 20000 [--browsers chromium,firefox,webkit] [--seed N]
 *
 * The exit code is 0 only if ours interpreted every stream as the standard says, and if every browser did so, too, or
 * deviated in known ways (deviations.ts).
 */

function readOptions(): { streams: number; seed: number; browsers: BrowserName[] } {
  const { values } = parseArgs({
    options: {
      streams: { type: 'string', default: '1000' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
      browsers: { type: 'string', default: browserNames.join(',') },
    },
  })
  return {
    streams: readNumber('streams', values.streams),
    seed: readNumber('seed', values.seed),
    browsers: values.browsers.split(',').map(readBrowser),
  }
}

function readNumber(option: string, value: string): number {
  if (!/^\d+$/.test(value)) throw new Error(`--${option} is "${value}", not a whole number`)
  return Number(value)
}

function readBrowser(name: string): BrowserName {
  const found = browserNames.find((known) => known === name)
  if (found === undefined) throw new Error(`--browsers has "${name}", not ${browserNames.join(' or ')}`)
  return found
}

/** The number of findings of a client that are shrunk and shown. */
const shown = 5

/**
 * The maximum delay in ms of a request. A stream with a long reconnection time first shows whether a short one applies.
 */
const lateness = 8_000

function describe(client: ClientName, { agreed, deviated, deviations, findings }: ClientResult): string {
  const known = [...deviations].sort(([, a], [, b]) => b - a)
  return [
    `  ${client}: as the standard says with ${agreed} streams; otherwise in known ways with ${deviated}, in new ways with ${findings.length}`,
    ...known.map(([name, count]) => `    ${String(count).padStart(6)} times it ${name}`),
  ].join('\n')
}

function describeFinding(client: ClientName, { tokens, differences }: Finding): string {
  return [
    `  ${client} differs with "chunks": ${JSON.stringify(chunksOf(tokens))}`,
    ...differences.map(
      ({ aspect, observed, expected }) =>
        `    ${aspect}: ${shorten(observed)}\n    the standard has: ${shorten(expected)}`,
    ),
  ].join('\n')
}

function shorten(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 1_000 ? `${text.slice(0, 1_000)}…` : text
}

/** Prints the progress regularly. */
function* withProgress(streams: readonly Tokens[]): Generator<Tokens> {
  for (const [index, tokens] of streams.entries()) {
    if (index > 0 && index % 1_000 === 0) console.log(`  ${index} streams begun`)
    yield tokens
  }
}

async function run(browser: BrowserName, streams: number, seed: number): Promise<number> {
  const lab = await startLab(browser)
  try {
    const results = await fuzz(lab, withProgress(randomStreams(seed, streams)), lateness)
    for (const client of ['native', 'ours'] as const) {
      console.log(describe(client, results[client]))
      for (const finding of results[client].findings.slice(0, shown)) {
        console.log(describeFinding(client, await shrinkFinding(lab, client, finding, lateness)))
      }
    }
    return results.native.findings.length + results.ours.findings.length
  } finally {
    await lab.close()
  }
}

const { streams, seed, browsers } = readOptions()
let findings = 0
for (const browser of browsers) {
  console.log(`${browser}: ${streams} streams (--seed ${seed})`)
  const start = performance.now()
  findings += await run(browser, streams, seed)
  console.log(`  in ${Math.round((performance.now() - start) / 1_000)} s`)
}
process.exitCode = findings === 0 ? 0 : 1
