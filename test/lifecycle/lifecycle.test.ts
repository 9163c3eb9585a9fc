import type { Browser, CDPSession, Page } from 'puppeteer-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { chromiumExecutable, maxStartTime, startChromium } from '../conformance/runners/puppeteer-browser.ts'
import { describeWith } from '../installed.ts'
import type { LiveFeed } from '../live-feed.ts'
import type { LifecyclePage } from './lifecycle.page.ts'
import { numbersOf, startFeed } from './page-feed.ts'

let browser: Browser
let feed: LiveFeed
let flow: { stop(): Promise<void> } | undefined
let page: Page

beforeEach(async () => {
  feed = await startFeed()
})

afterEach(async () => {
  await flow?.stop()
  await page?.close()
  await feed.close()
})

/** Opens the page and waits for its first event. */
async function open(hash = ''): Promise<void> {
  page = await browser.newPage()
  await page.goto(`${feed.origin}/${hash}`, { timeout: maxStartTime })
  await feed.until(() => feed.connections.length === 1)
  flow = feed.flow(20)
  await nextEvent()
}

function readLog(): Promise<string[]> {
  return page.evaluate(() => (globalThis as unknown as { lifecycle: LifecyclePage }).lifecycle.log)
}

function readState(): Promise<number> {
  return page.evaluate(() => (globalThis as unknown as { lifecycle: LifecyclePage }).lifecycle.source.readyState)
}

/** Waits for an event of the feed among the entries of the log from the given index on. */
async function nextEvent(from = 0): Promise<void> {
  await expect.poll(async () => (await readLog()).slice(from).some((entry) => Number(entry) > 0)).toBe(true)
}

/** Expects each number to have come once and in order, without an error. */
async function expectWhole(): Promise<void> {
  const log = await readLog()
  const numbers = numbersOf(log)
  expect(numbers).toEqual(numbers.map((_, index) => index + 1))
  expect(log.filter((entry) => entry.startsWith('error'))).toEqual([])
}

/** Leaves the page, waits until its stream is closed, and comes back. */
async function leaveAndComeBack(): Promise<void> {
  await page.goto(`${feed.origin}/other`, { timeout: maxStartTime })
  await feed.until(() => feed.connections.length === 0)
  await page.goBack({ timeout: maxStartTime })
}

describeWith('Chromium', chromiumExecutable(), 'An EventSource follows the life cycle of its page', {}, (chromium) => {
  let cdp: CDPSession

  beforeAll(async () => {
    // Puppeteer disables the back/forward cache by default.
    browser = await startChromium(chromium, { ignoreDefaultArgs: ['--disable-back-forward-cache'] })
  }, maxStartTime)

  afterAll(() => browser.close())

  async function openWithDevtools(hash = ''): Promise<void> {
    await open(hash)
    cdp = await page.createCDPSession()
  }

  async function setHidden(isHidden: boolean): Promise<void> {
    const { windowId } = await cdp.send('Browser.getWindowForTarget')
    await cdp.send('Browser.setWindowBounds', { windowId, bounds: { windowState: isHidden ? 'minimized' : 'normal' } })
    await expect.poll(() => page.evaluate(() => document.hidden)).toBe(isHidden)
  }

  async function setOffline(offline: boolean): Promise<void> {
    await cdp.send('Network.enable')
    const conditions = { offline, latency: 0, downloadThroughput: -1, uploadThroughput: -1 }
    await cdp.send('Network.emulateNetworkConditions', conditions)
    await expect.poll(() => page.evaluate(() => navigator.onLine)).toBe(!offline)
  }

  it('A page with an open connection enters the back/forward cache, reconnects once when it is back and misses nothing', async () => {
    await open()
    const before = numbersOf(await readLog()).length
    await leaveAndComeBack()
    const log = await readLog()
    const back = log.indexOf('pageshow persisted')
    expect(log).toContain('pagehide persisted')
    expect(back).toBeGreaterThan(before)
    await nextEvent(back)
    expect(feed.requests).toBe(2)
    expect(Number(feed.lastEventIds[1])).toBeGreaterThanOrEqual(before)
    expect(feed.connections).toHaveLength(1)
    await expectWhole()
  })

  it('A page that comes back many times has one connection each time', async () => {
    await open()
    for (let times = 1; times <= 5; times++) {
      await leaveAndComeBack()
      await nextEvent((await readLog()).lastIndexOf('pageshow persisted'))
      expect(feed.requests).toBe(1 + times)
      expect(feed.connections).toHaveLength(1)
    }
    await expectWhole()
  })

  it('A page whose source was closed comes back without a connection', async () => {
    await open()
    await page.evaluate(() => (globalThis as unknown as { lifecycle: LifecyclePage }).lifecycle.source.close())
    await leaveAndComeBack()
    expect(await readLog()).toContain('pageshow persisted')
    expect(await readState()).toBe(2)
    expect(feed.requests).toBe(1)
  })

  it('A page that is frozen closes its connection, and reconnects when it is resumed', async () => {
    await openWithDevtools()
    await cdp.send('Page.setWebLifecycleState', { state: 'frozen' })
    await feed.until(() => feed.connections.length === 0)
    expect(feed.requests).toBe(1)
    await cdp.send('Page.setWebLifecycleState', { state: 'active' })
    await feed.until(() => feed.connections.length === 1)
    await nextEvent((await readLog()).indexOf('resume'))
    expect(feed.requests).toBe(2)
    await expectWhole()
  })

  it('A page that is hidden keeps its connection by default', async () => {
    await openWithDevtools()
    await setHidden(true)
    const from = (await readLog()).length
    await nextEvent(from)
    expect(feed.requests).toBe(1)
    await setHidden(false)
    await expectWhole()
  })

  it('A page with pauseWhenHidden is CONNECTING while it is hidden, and resumes when it is shown', async () => {
    await openWithDevtools('#pause-when-hidden')
    await setHidden(true)
    await feed.until(() => feed.connections.length === 0)
    expect(await readState()).toBe(0)
    await setHidden(false)
    await feed.until(() => feed.connections.length === 1)
    await nextEvent((await readLog()).lastIndexOf('visibilitychange'))
    expect(feed.requests).toBe(2)
    expect(feed.lastEventIds[1]).not.toBe('')
    await expectWhole()
  })

  it('A page that is hidden and shown many times during a wait has one stream in the end', async () => {
    await openWithDevtools('#pause-when-hidden')
    feed.isGone = true
    feed.cut()
    await feed.until(() => feed.requests >= 4)
    for (let times = 0; times < 3; times++) {
      await setHidden(true)
      await setHidden(false)
    }
    feed.isGone = false
    await feed.until(() => feed.connections.length > 0)
    await nextEvent((await readLog()).length)
    const { requests } = feed
    expect(feed.connections).toHaveLength(1)
    await nextEvent((await readLog()).length)
    expect(feed.requests).toBe(requests)
    const numbers = numbersOf(await readLog())
    expect(numbers).toEqual(numbers.map((_, index) => index + 1))
  })

  it('A page that is offline waits, and reconnects at once when the network is back', async () => {
    await openWithDevtools()
    await setOffline(true)
    feed.cut()
    await expect.poll(async () => (await readLog()).some((entry) => entry.startsWith('error'))).toBe(true)
    const { length } = await readLog()
    // This is longer than the wait of 50 ms.
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    expect((await readLog()).slice(length).filter((entry) => entry.startsWith('error'))).toEqual([])
    expect(feed.requests).toBe(1)
    await setOffline(false)
    await feed.until(() => feed.connections.length === 1)
    await nextEvent((await readLog()).indexOf('online'))
    expect(feed.requests).toBe(2)
  })
})

// Firefox does not put a page with an open request into its back/forward cache, so there is nothing to test.
