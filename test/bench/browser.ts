import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import { build } from 'esbuild'
import {
  chromiumExecutable,
  firefoxExecutable,
  launchChromium,
  launchFirefox,
} from '../conformance/runners/puppeteer-browser.ts'
import type { Browser } from '../conformance/runners/run-browser.ts'
import type { Values } from './measure.ts'
import { measureWorkload } from './measure-workload.ts'
import { readOptions } from './options.ts'
import { peersDirectory } from './peers.ts'
import { cpuOfDescendants } from './process-tree.ts'
import { entryPointOf, type Feed } from './processes.ts'
import { titleAtScale, titleOf, versionOf } from './report.ts'
import type { Result } from './result.ts'
import { runBenchmarks } from './run-benchmarks.ts'
import { type SubjectName, subjects } from './subjects.ts'
import type { BenchmarkDescription } from './workloads.ts'

/** The time in ms after which a page has failed. */
const pageTimeout = 120_000

/** The time in ms that a browser has for its work after the start. */
const settleTime = 1_500

const events = 300_000

const browsers = {
  chromium: { title: 'Chromium', find: chromiumExecutable, launch: launchChromium },
  'chromium-observed': {
    title: 'Chromium with its network observed, as by developer tools',
    find: chromiumExecutable,
    launch: (executable) => launchChromium(executable, true),
  },
  firefox: { title: 'Firefox', find: firefoxExecutable, launch: launchFirefox },
} as const satisfies Record<
  string,
  { title: string; find: () => string | undefined; launch: (executable: string) => Promise<Browser> }
>

type BrowserName = keyof typeof browsers

const options = readOptions('bench:browser', Object.keys(browsers) as BrowserName[])
const { scale } = options
const count = Math.ceil(events * scale)
const root = `${import.meta.dirname}/../..`

/** Return the module that a page imports, or undefined if the browser has the subject itself. */
const imports: Partial<Record<SubjectName, () => string | undefined>> = {
  everysource: () => entryPointOf(root, 'browser'),
  other: () => entryPointOf(options.other ?? root, 'browser'),
  eventsource: () => 'eventsource',
  'event-source-polyfill': () => 'event-source-polyfill',
  native: () => undefined,
  'fetch-discard': () => undefined,
  'fetch-message': () => 'eventsource-parser',
}

const included = (Object.keys(imports) as SubjectName[]).filter(options.includes)

function describe(name: BrowserName): BenchmarkDescription {
  return {
    title: titleAtScale(`${browsers[name].title}: 300,000 events in writes of 64 KiB`, scale),
    metrics: [
      { key: 'wall', title: 'time per event', unit: 'µs' },
      { key: 'cpu', title: 'CPU time per event of the whole browser', unit: 'µs' },
    ],
  }
}

/** Adds a page for each subject to the feed. */
async function servePages(feed: Feed): Promise<void> {
  for (const name of included) {
    const module = imports[name]?.()
    const load = module === undefined ? 'undefined' : `import(${JSON.stringify(module)})`
    const { outputFiles } = await build({
      stdin: {
        contents: `import { measurePage } from '../client/page.ts'\nmeasurePage(async () => ${load})`,
        resolveDir: peersDirectory,
      },
      bundle: true,
      write: false,
      minify: true,
      format: 'iife',
      target: 'es2022',
      logLevel: 'error',
    })
    const page = `<!doctype html><meta charset="utf-8"><title>${name}</title><script src="${name}.js"></script>`
    await feed.serve(`/${name}.html`, 'text/html; charset=utf-8', page)
    await feed.serve(`/${name}.js`, 'text/javascript; charset=utf-8', outputFiles[0]?.text ?? '')
  }
}

/** Measures a subject in a new browser. */
async function run(name: BrowserName, executable: string, subject: SubjectName, feed: Feed): Promise<Values> {
  const browser = await browsers[name].launch(executable)
  const timeout = AbortSignal.timeout(pageTimeout)
  try {
    return await new Promise<Values>((resolve, reject) => {
      timeout.addEventListener('abort', () => reject(new Error(`timed out after ${pageTimeout / 1_000} s`)))
      const url = `${feed.origins.http}/${subject}.html?subject=${subject}&count=${count}`
      const ready = feed.pageReady()
      const measure = async (): Promise<Values> => {
        await browser.openPage(url, (problem) => reject(new Error(problem)))
        await ready
        await pause(settleTime)
        // This process has started only the browser and the feed.
        const before = await cpuOfDescendants(process.pid, feed.pid)
        const values = await feed.measurePage()
        const after = await cpuOfDescendants(process.pid, feed.pid)
        return before === undefined || after === undefined ? values : { ...values, cpu: (after - before) / count }
      }
      measure().then(resolve, reject)
    })
  } finally {
    await browser.close()
  }
}

async function measure(name: BrowserName, feed: Feed): Promise<Result | undefined> {
  const { title, find } = browsers[name]
  const executable = find()
  if (executable === undefined) {
    process.stderr.write(`SKIPPED: ${title} is not installed\n`)
    return undefined
  }
  const participants = await Promise.all(
    included.map(async (subject) => ({
      subject: { ...subjects[subject], title: await titleOf(subjects[subject]) },
      run: () => run(name, executable, subject, feed),
    })),
  )
  const runtime = `${name === 'firefox' ? 'Firefox' : 'Chromium'} ${await versionOf(executable)}`
  return measureWorkload({ name, ...describe(name), runtime, rounds: options.rounds, scale }, participants)
}

async function prepare(feed: Feed): Promise<void> {
  await fetch(`${feed.origins.http}/flood?count=${count}`, { method: 'HEAD' })
  await servePages(feed)
}

await runBenchmarks(options, prepare, (name, _, feed) => measure(name, feed))
