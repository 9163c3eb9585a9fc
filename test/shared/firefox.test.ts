import type { Browser } from 'puppeteer-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { firefoxExecutable, maxStartTime, startFirefox } from '../conformance/runners/puppeteer-browser.ts'
import { describeWith } from '../installed.ts'
import type { LiveFeed } from '../live-feed.ts'
import { closeSource, closeTab, joinLate, navigate, type OpenTab, replaceLeaders, startFeed } from './tabs.ts'

describeWith(
  'Firefox',
  firefoxExecutable(),
  'Tabs share one connection in Firefox',
  { timeout: 420_000 },
  (firefox) => {
    let browser: Browser
    let feed: LiveFeed
    const problems: string[] = []

    const open: OpenTab = async (name, url) => {
      const page = await browser.newPage()
      page.setDefaultTimeout(maxStartTime)
      page.on('pageerror', (error) => problems.push(`${name}: ${error}`))
      await page.goto(url)
      return { name, evaluate: (expression) => page.evaluate(expression), close: () => page.close() }
    }

    beforeAll(async () => {
      browser = await startFirefox(firefox)
    }, maxStartTime)

    beforeEach(async () => {
      feed = await startFeed()
    })

    afterEach(async () => {
      await feed.close()
      expect(problems).toEqual([])
    })

    afterAll(() => browser.close())

    it('Ten tabs use one connection, and lose, duplicate or reorder no event while 20 leaders in a row leave', async () => {
      const departures = [closeTab, closeSource, navigate]
      console.log('Firefox:', await replaceLeaders(feed, open, { tabs: 10, times: 20, departures }))
    })

    it('Tabs that join late are open at once and receive as many events as they ask for', () => joinLate(feed, open))
  },
)
