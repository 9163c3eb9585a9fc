import { bundlePage, htmlPage } from '../bundle-page.ts'
import { type LiveFeed, startLiveFeed } from '../live-feed.ts'

let script: Promise<string> | undefined

/** Starts a feed that has the page with a source at /, and another page at /other. */
export async function startFeed(): Promise<LiveFeed> {
  script ??= bundlePage(new URL('lifecycle.page.ts', import.meta.url))
  return startLiveFeed({ '/': htmlPage('page.js'), '/page.js': await script, '/other': htmlPage() })
}

/** The numbers of the events that a page has received, in order. */
export function numbersOf(log: readonly string[]): number[] {
  return log.map(Number).filter((number) => number > 0)
}
