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
import { measureWork } from './measure-work.ts'
import { readOptions } from './options.ts'
import { installPeers, peersDirectory } from './peers.ts'
import { cpuOfDescendants } from './process-tree.ts'
import { entryOf, type Feed, makePrograms, startFeed } from './processes.ts'
import { failIfOursFailed, reportResult, titleAtScale, titleOf } from './report.ts'
import type { Result } from './result.ts'
import { type SubjectName, subjects } from './subjects.ts'
import type { WorkDescription } from './works.ts'

/** How long a page may take, in ms. */
const longestRun = 120_000

/** How long a browser has for what it does after its start, in ms. */
const settling = 1_500

const events = 300_000

const browsers = {
  chromium: { title: 'Chromium', find: chromiumExecutable, launch: launchChromium },
  'chromium-observed': {
    title: 'Chromium, its network observed as by developer tools',
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

/** What each page imports; nothing for what the browser has itself. */
const imports: Partial<Record<SubjectName, () => string | undefined>> = {
  everysource: () => entryOf(root, 'browser'),
  other: () => entryOf(options.other ?? root, 'browser'),
  eventsource: () => 'eventsource',
  'event-source-polyfill': () => 'event-source-polyfill',
  native: () => undefined,
  'fetch-discard': () => undefined,
}

const participating = (Object.keys(imports) as SubjectName[]).filter((name) => options.takesPart(name))

function describe(name: BrowserName): WorkDescription {
  return {
    title: titleAtScale(`${browsers[name].title}: 300,000 events in writes of 64 KiB`, scale),
    metrics: [
      { key: 'wall', title: 'time an event', unit: 'µs' },
      { key: 'cpu', title: 'CPU an event of the whole browser', unit: 'µs' },
    ],
  }
}

/** Has the feed serve a page for each that takes part. */
async function servePages(feed: Feed): Promise<void> {
  for (const name of participating) {
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

/** Measures in a browser of its own. */
async function run(name: BrowserName, executable: string, subject: SubjectName, feed: Feed): Promise<Values> {
  const browser = await browsers[name].launch(executable)
  const timeout = AbortSignal.timeout(longestRun)
  try {
    return await new Promise<Values>((resolve, reject) => {
      timeout.addEventListener('abort', () => reject(new Error(`over ${longestRun / 1_000} s`)))
      const url = `${feed.origin}/${subject}.html?subject=${subject}&count=${count}`
      const ready = feed.pageReady()
      const measure = async (): Promise<Values> => {
        await browser.openPage(url, (problem) => reject(new Error(problem)))
        await ready
        await pause(settling)
        // Of the whole browser: nothing else was started here but the feed.
        const before = await cpuOfDescendants(process.pid, feed.pid)
        const values = await feed.pageMeasured()
        const after = await cpuOfDescendants(process.pid, feed.pid)
        return before === undefined || after === undefined ? values : { ...values, cpu: (after - before) / count }
      }
      measure().then(resolve, reject)
    })
  } finally {
    await browser.close()
  }
}

async function measure(name: BrowserName, executable: string, feed: Feed): Promise<Result> {
  const participants = await Promise.all(
    participating.map(async (subject) => ({
      subject: { ...subjects[subject], title: await titleOf(subjects[subject]) },
      run: () => run(name, executable, subject, feed),
    })),
  )
  return measureWork(name, describe(name), participants, options)
}

if (!(await installPeers())) process.exit(1)
const programs = await makePrograms()
const feed = await startFeed(programs.feed)
try {
  await fetch(`${feed.origin}/flood?count=${count}`, { method: 'HEAD' })
  await servePages(feed)
  for (const name of options.works) {
    const executable = browsers[name].find()
    if (executable === undefined) {
      process.stderr.write(`SKIPPED: ${browsers[name].title} is not installed\n`)
      continue
    }
    const result = await measure(name, executable, feed)
    await reportResult(result, options.output)
    failIfOursFailed(result)
  }
} finally {
  await feed.close()
  await programs.remove()
}
