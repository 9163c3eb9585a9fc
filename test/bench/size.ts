import process from 'node:process'
import { gzipSync } from 'node:zlib'
import { build, version } from 'esbuild'
import type { Outcome } from './measure.ts'
import { readOptions } from './options.ts'
import { installPeers, peersDirectory } from './peers.ts'
import { entryPointOf } from './processes.ts'
import { describeMachine, reportResult, titleOf } from './report.ts'
import { type SubjectName, subjects } from './subjects.ts'

const root = `${import.meta.dirname}/../..`

const options = readOptions('bench:size', ['size'])

/** The code that imports each peer in a page. */
const peers: Partial<Record<SubjectName, string>> = {
  eventsource: `export { EventSource } from 'eventsource'`,
  eventsource4: `export { EventSource } from 'eventsource4'`,
  'eventsource-client': `export { createEventSource } from 'eventsource-client'`,
  'launchdarkly-eventsource': `export { EventSource } from 'launchdarkly-eventsource'`,
  'event-source-polyfill': `export { EventSourcePolyfill } from 'event-source-polyfill'`,
  'extended-eventsource': `export { EventSource } from 'extended-eventsource'`,
  'fetch-event-source': `export { fetchEventSource } from '@microsoft/fetch-event-source'`,
  'http-parse': `export { createParser } from 'eventsource-parser'`,
}

async function sizeOf(contents: string): Promise<{ gzip: number; minified: number }> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: peersDirectory },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    logLevel: 'silent',
  })
  const code = outputFiles[0]?.contents ?? new Uint8Array()
  return { gzip: gzipSync(code, { level: 9 }).length, minified: code.length }
}

async function measure(title: string, kind: Outcome['kind'], contents: string): Promise<Outcome> {
  try {
    return { title, kind, rounds: [await sizeOf(contents)] }
  } catch (error) {
    // The module imports Node's built-in modules.
    if (!/Could not resolve/.test(`${error}`)) throw error
    return { title, kind, rounds: [], failure: 'does not run in browsers' }
  }
}

if (!(await installPeers())) process.exit(1)
const everysource = JSON.stringify(entryPointOf(root, 'browser'))
const ours: Readonly<Record<string, string>> = {
  EventSource: `export { EventSource } from ${everysource}`,
  openEventStream: `export { openEventStream } from ${everysource}`,
  'all exports': `export * from ${everysource}`,
}
const outcomes = await Promise.all([
  ...Object.entries(ours).map(([title, contents]) => measure(`everysource, ${title}`, 'ours', contents)),
  ...(Object.keys(peers) as SubjectName[]).filter(options.includes).map(async (name) => {
    const subject = subjects[name]
    return measure(name === 'http-parse' ? 'the parser alone' : await titleOf(subject), subject.kind, `${peers[name]}`)
  }),
])
const metrics = [
  { key: 'gzip', title: 'minified and gzipped', unit: 'bytes' },
  { key: 'minified', title: 'minified', unit: 'bytes' },
]
await reportResult(
  {
    name: 'size',
    title: 'The code that a page loads',
    date: new Date().toISOString(),
    runtime: `esbuild ${version}`,
    machine: describeMachine(),
    rounds: 1,
    scale: 1,
    metrics,
    outcomes,
  },
  options,
)
