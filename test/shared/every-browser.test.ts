import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { type TabBrowser, tabBrowsers } from '../browser-tabs.ts'
import { browserNames } from '../browsers.ts'
import { maxStartTime } from '../conformance/runners/puppeteer-browser.ts'
import { describeWith } from '../installed.ts'
import type { LiveFeed } from '../live-feed.ts'
import {
  addFrame,
  addSource,
  ask,
  expectWhole,
  leaderSoon,
  navigate,
  type OpenTab,
  openRecorder,
  startFeed,
  type Tab,
} from './tabs.ts'

let feed: LiveFeed
let problems: string[]

beforeEach(async () => {
  feed = await startFeed()
  problems = []
})

afterEach(async () => {
  await feed.close()
  expect(problems).toEqual([])
})

for (const name of browserNames) {
  const title = `Tabs with more than one source share one connection in ${name}`
  describeWith(name, tabBrowsers[name], title, { timeout: 420_000 }, (start) => {
    let browser: TabBrowser
    let tabs: Tab[]

    const open: OpenTab = async (tabName, url) => ({
      name: tabName,
      ...(await browser.openTab(url, (problem) => problems.push(`${tabName}: ${problem}`))),
    })

    async function openTab(tabName: string): Promise<Tab> {
      const tab = await openRecorder(feed, open, tabName)
      tabs.push(tab)
      await ask(tab, 'opened()')
      return tab
    }

    beforeAll(async () => {
      browser = await start()
    }, maxStartTime)

    beforeEach(() => {
      tabs = []
    })

    afterEach(async () => {
      for (const tab of tabs) await tab.close()
    })

    afterAll(() => browser.close())

    it.for([
      ['two sources', addSource],
      ['a source and a frame with another one', addFrame],
    ] as const)(
      `Tabs go on soon after a page with %s was left for the back/forward cache in ${name}`,
      async ([, addAnother]) => {
        const page = await openTab('1')
        await addAnother(page)
        const other = await openTab('2')
        await navigate(page)
        expect(await leaderSoon(feed, '1')).toBe('2')
        feed.send()
        await expectWhole(feed, other)
      },
    )

    it(`A storm of reconnect() from every tab opens one connection at a time in ${name}`, async () => {
      const all = [await openTab('1'), await openTab('2'), await openTab('3')]
      const storm = `new Promise((resolve) => {
        let count = 0
        const timer = setInterval(() => {
          recorder.source.reconnect()
          if (++count < 50) return
          clearInterval(timer)
          resolve()
        }, 40)
      })`
      // WebKit runs one script at a time: a storm that is begun and awaited later.
      for (const tab of all) await tab.evaluate(`void (globalThis.storm = ${storm})`)
      for (const tab of all) await tab.evaluate('storm')
      const { requests } = feed
      await feed.leader()
      feed.send()
      for (const tab of all) await expectWhole(feed, tab)
      console.log(name, requests, feed.requests, feed.maxConnections)
      expect(feed.maxConnections).toBe(1)
    })
  })
}
