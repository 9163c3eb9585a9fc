import { startFeedServer } from '../../../fixtures/feed-server.ts'
import type { RuntimeName, Scope } from '../case.ts'
import { withSettings } from './browser-settings.ts'
import { bundleStarter } from './bundle.ts'
import { startControlServer } from './control-server.ts'
import type { RunResults } from './run-results.ts'

/** A running browser, independent of the protocol that drives it. */
export interface Browser {
  /** Opens a page in its own window or tab. `onProblem` receives page errors and crashes. */
  openPage(url: string, onProblem: (problem: string) => void): Promise<void>
  close(): Promise<void>
}

export interface BrowserRun {
  runtime: RuntimeName
  scope: Scope
  /** The text of a module that replaces the suite's cases. */
  cases?: string
  /** The paths of modules that replace what the package's `imports` choose, by name. */
  alias?: Readonly<Record<string, string>> | undefined
}

const page = '<!doctype html><meta charset="utf-8"><title>conformance</title><script src="page.js"></script>'
const scripts = [
  ['page.js', 'start-page'],
  ['worker.js', 'start-worker'],
] as const

/**
 * Runs the suite in a page of the browser or in a worker that the page starts. Each run has its own feed server, hence
 * its own origin, so that parallel runs share neither connections nor service workers.
 */
export async function runInBrowser(
  browser: Browser,
  { runtime, scope, cases, alias }: BrowserRun,
  results: RunResults,
): Promise<() => Promise<void>> {
  const files = new Map([['page.html', { type: 'text/html; charset=utf-8', body: page }]])
  const feedServer = await startFeedServer({ files })
  const controlServer = await startControlServer((report) => {
    results.record(report)
    if (report.kind === 'ended') results.close('the suite ended')
  })
  const stop = async (): Promise<void> => {
    await controlServer.close()
    await feedServer.close()
  }
  try {
    const { origin: feed, otherOrigin } = feedServer
    const settings = { runtime, scope, feed, otherOrigin, concurrency: 3, control: controlServer.origin }
    for (const [name, starter] of scripts) {
      const body = withSettings(settings, await bundleStarter(starter, { cases, alias }))
      files.set(name, { type: 'text/javascript; charset=utf-8', body })
    }
    await browser.openPage(`${feed}/suite/page.html`, (problem) => results.addProblem(problem))
    results.start()
  } catch (error) {
    await stop()
    throw error
  }
  return stop
}
