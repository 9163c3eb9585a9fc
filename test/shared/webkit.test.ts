import { afterAll, afterEach, beforeAll, beforeEach, it } from 'vitest'
import { maxStartTime } from '../conformance/runners/puppeteer-browser.ts'
import { launchWebKit, type WebKit, webKitExecutables } from '../conformance/runners/webkit-browser.ts'
import { describeWith } from '../installed.ts'
import type { LiveFeed } from '../live-feed.ts'
import { closeSource, closeTab, joinLate, navigate, type OpenTab, replaceLeaders, startFeed } from './tabs.ts'

describeWith('WebKit', webKitExecutables(), 'Tabs share one connection in WebKit', { timeout: 420_000 }, (webKit) => {
  let browser: WebKit
  let feed: LiveFeed

  const open: OpenTab = async (name, url) => {
    const tab = await browser.openTab(url)
    return { name, evaluate: (expression) => tab.execute(`return (${expression})`), close: () => tab.close() }
  }

  beforeAll(async () => {
    browser = await launchWebKit(webKit)
  }, maxStartTime)

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
