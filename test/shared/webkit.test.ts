import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from 'vitest'
import { launchWebKit, type WebKit, webKitExecutables } from '../conformance/runners/webkit-browser.ts'
import type { LiveFeed } from './live-feed.ts'
import { reportMissing } from './missing.ts'
import { closeSource, closeTab, joinLate, navigate, type OpenTab, replaceLeaders, startFeed } from './tabs.ts'

/** How long a browser may take to start or to load a page, in ms. */
const longestWait = 120_000

const webKit = webKitExecutables()

describe.runIf(webKit)('Tabs share one connection in WebKit', { timeout: 420_000 }, () => {
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

  it('Ten tabs use one connection, and lose, duplicate or reorder no event while 20 leaders in a row leave', async () => {
    const departures = [closeTab, closeSource, navigate]
    console.log('WebKit:', await replaceLeaders(feed, open, { tabs: 10, times: 20, departures }))
  })

  it('Tabs that join late are open at once and receive as many events as they ask for', () => joinLate(feed, open))
})

if (webKit === undefined) reportMissing('WebKit')
