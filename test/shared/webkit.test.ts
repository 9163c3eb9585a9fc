import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from 'vitest'
import { launchWebKit, type WebKit, webKitExecutables } from '../conformance/runners/webkit-browser.ts'
import type { LiveFeed } from './live-feed.ts'
import { reportMissing } from './missing.ts'
import { closeSource, closeTab, joinLate, navigate, type OpenTab, replaceLeaders, startFeed } from './tabs.ts'

/** How long a browser may take to start or to load a page, in ms. */
const longestWait = 120_000

const webKit = webKitExecutables()

describe.runIf(webKit)('in WebKit, tabs', { timeout: 420_000 }, () => {
  let browser: WebKit
  let feed: LiveFeed

  const open: OpenTab = async (name, url) => {
    const tab = await browser.openTab(url)
    return { name, evaluate: (expression) => tab.execute(`return (${expression})`), close: () => tab.close() }
  }

  beforeAll(async () => {
    if (webKit) browser = await launchWebKit(webKit)
  }, longestWait)

  beforeEach(async () => {
    feed = await startFeed()
  })

  afterEach(() => feed.close())

  afterAll(() => browser.close())

  it('ten of them, have one connection, and 20 leaders in a row go without an event lost, doubled or out of order', async () => {
    const departures = [closeTab, closeSource, navigate]
    console.log('WebKit:', await replaceLeaders(feed, open, { tabs: 10, times: 20, departures }))
  })

  it('that join late are open at once, and get as many events as they ask for', () => joinLate(feed, open))
})

if (webKit === undefined) reportMissing('WebKit')
