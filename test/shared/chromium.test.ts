import type { Browser, Page } from 'puppeteer-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { chromiumExecutable, maxStartTime, startChromium } from '../conformance/runners/puppeteer-browser.ts'
import { describeWith } from '../installed.ts'
import type { LiveFeed } from '../live-feed.ts'
import {
  addFrame,
  addSource,
  ask,
  closeSource,
  closeTab,
  type Departure,
  expectWhole,
  joinLate,
  leaderSoon,
  navigate,
  openRecorder,
  replaceLeaders,
  startFeed,
  type Tab,
} from './tabs.ts'

let browser: Browser
let feed: LiveFeed
let problems: string[]

interface ChromiumTab extends Tab {
  readonly page: Page
}

const open = async (name: string, url: string): Promise<ChromiumTab> => {
  const page = await browser.newPage()
  page.setDefaultTimeout(maxStartTime)
  page.on('pageerror', (error) => problems.push(`${name}: ${error}`))
  await page.goto(url)
  return { name, page, evaluate: (expression) => page.evaluate(expression), close: () => page.close() }
}

const openTab = async (name: string, init?: string): Promise<ChromiumTab> =>
  (await openRecorder(feed, open, name, init)) as ChromiumTab

/** Kills the process of the page. */
const crash: Departure = async (tab) => {
  const { page } = tab as ChromiumTab
  const crashed = new Promise((resolve) => page.once('error', resolve))
  const cdp = await page.createCDPSession()
  // The page does not answer, because it crashes.
  cdp.send('Page.crash').catch(() => {})
  await crashed
}

async function setFrozen({ page }: ChromiumTab, isFrozen: boolean): Promise<void> {
  const cdp = await page.createCDPSession()
  await cdp.send('Page.setWebLifecycleState', { state: isFrozen ? 'frozen' : 'active' })
}

describeWith(
  'Chromium',
  chromiumExecutable(),
  'Tabs share one connection in Chromium',
  { timeout: 420_000 },
  (chromium) => {
    beforeAll(async () => {
      browser = await startChromium(chromium, {
        // A name that is neither localhost nor reached by HTTPS is not trusted.
        args: ['--host-resolver-rules=MAP plain.example 127.0.0.1'],
        // Puppeteer disables the back/forward cache by default.
        ignoreDefaultArgs: ['--disable-back-forward-cache'],
      })
    }, maxStartTime)

    beforeEach(async () => {
      problems = []
      feed = await startFeed()
    })

    afterEach(async () => {
      for (const page of await browser.pages()) await page.close()
      await feed.close()
      expect(problems).toEqual([])
    })

    afterAll(() => browser.close())

    it('Ten tabs use one connection, and lose, duplicate or reorder no event while 20 leaders in a row leave', async () => {
      const departures = [closeTab, crash, closeSource, navigate]
      console.log('Chromium:', await replaceLeaders(feed, open, { tabs: 10, times: 20, departures }))
    })

    it('Tabs with two scopes use two connections', async () => {
      const init = (user: string): string => JSON.stringify({ scope: user, headers: { 'X-User': user } })
      const tabs = [
        await openTab('a1', init('a')),
        await openTab('b1', init('b')),
        await openTab('a2', init('a')),
        await openTab('b2', init('b')),
      ]
      for (const tab of tabs) await ask(tab, 'opened()')
      const connections = feed.connections.map(({ tab, user }) => `${tab} of ${user}`)
      expect(connections.toSorted()).toEqual(['a1 of a', 'b1 of b'])
      feed.send()
      for (const tab of tabs) await expectWhole(feed, tab)
      expect(feed.requests).toBe(2)
    })

    it('Tabs that join late are open at once and receive as many events as they ask for', () => joinLate(feed, open))

    it('Tabs close independently, and the last one closes the connection', async () => {
      const [leader, follower] = [await openTab('leader'), await openTab('follower')]
      for (const tab of [leader, follower]) await ask(tab, 'opened()')
      expect(await ask(follower, 'snapshot, recorder.source.close(), recorder.snapshot')).toMatchObject({
        readyState: 2,
      })
      feed.send()
      await expectWhole(feed, leader)
      expect(await ask(follower, 'snapshot')).toMatchObject({ readyState: 2, last: 0 })
      expect(feed.requests).toBe(1)
      await closeSource(leader)
      await feed.until(() => feed.connections.length === 0)
    })

    it('All tabs receive an interruption with the same details, and continue', async () => {
      const tabs = [await openTab('1'), await openTab('2'), await openTab('3')]
      for (const tab of tabs) await ask(tab, 'opened()')
      feed.send()
      feed.drop()
      for (const tab of tabs) {
        const { errors } = await ask(tab, 'opened(2)')
        const details = { reason: 'ended', attempt: 1, willReconnect: true }
        expect(errors).toEqual([details])
        await expectWhole(feed, tab, 1)
      }
      expect(feed.requests).toBe(2)
    })

    it('All tabs receive a refusal, and are closed after one request', async () => {
      const tabs = [await openTab('1'), await openTab('2'), await openTab('3')]
      for (const tab of tabs) await ask(tab, 'opened()')
      feed.refusal = 503
      feed.drop()
      for (const tab of tabs) {
        const { readyState, errors } = await ask(tab, 'failed(2)')
        const refusal = { reason: 'status', status: 503, body: 'refused', attempt: 2, willReconnect: false }
        expect(readyState).toBe(2)
        expect(errors).toMatchObject([{ reason: 'ended', willReconnect: true }, refusal])
      }
      expect(feed.requests).toBe(2)
    })

    it('Tabs continue while their leader is frozen, and so does that tab when it is resumed', async () => {
      const tabs = [await openTab('1'), await openTab('2'), await openTab('3')]
      for (const tab of tabs) await ask(tab, 'opened()')
      const [frozen] = tabs as [ChromiumTab]
      const flow = feed.flow(3)
      await ask(frozen, 'reached(10)')
      await setFrozen(frozen, true)
      expect(await feed.leader('1')).toBe('2')
      const { number } = feed
      await ask(tabs[2] as Tab, `reached(${number + 100})`)
      await setFrozen(frozen, false)
      await ask(frozen, `reached(${number + 200})`)
      await flow.stop()
      for (const tab of tabs) await expectWhole(feed, tab, 1)
      expect(feed.requests).toBe(2)
    })

    it.for([
      ['two sources', addSource],
      ['a source and a frame with another one', addFrame],
    ] as const)('Tabs continue soon after a page with %s was frozen', async ([, addAnother]) => {
      const page = await openTab('1')
      await ask(page, 'opened()')
      await addAnother(page)
      const other = await openTab('2')
      await ask(other, 'opened()')
      await setFrozen(page, true)
      expect(await leaderSoon(feed, '1')).toBe('2')
      feed.send()
      await expectWhole(feed, other)
      await setFrozen(page, false)
      await expectWhole(feed, page)
    })

    it('Tabs take over from a leader that hangs, and it becomes a follower when it responds again', async () => {
      const tabs = [await openTab('1'), await openTab('2'), await openTab('3')]
      for (const tab of tabs) await ask(tab, 'opened()')
      const hung = tabs[0] as Tab
      const flow = feed.flow(10)
      await ask(hung, 'reached(10)')
      const request = '{ const request = new XMLHttpRequest(); request.open("GET", "/hang", false); request.send() }'
      const back = hung.evaluate(`void (() => ${request})()`)
      await feed.until(() => feed.connections.length === 2)
      const { number } = feed
      await ask(tabs[1] as Tab, `reached(${number + 20})`)
      await ask(tabs[2] as Tab, `reached(${number + 20})`)
      feed.release()
      await back
      expect(await feed.leader('1')).toMatch(/^[23]$/)
      await ask(hung, `reached(${number + 50})`)
      await flow.stop()
      for (const tab of tabs) await expectWhole(feed, tab, 1)
    })

    it('Tabs continue while their leader is in the back/forward cache, and it receives what it missed when it is back', async () => {
      const tabs = [await openTab('1'), await openTab('2')]
      for (const tab of tabs) await ask(tab, 'opened()')
      const [{ page }, other] = tabs as [ChromiumTab, ChromiumTab]
      await page.evaluate('addEventListener("pageshow", ({ persisted }) => { globalThis.isBack = persisted })')
      for (let count = 0; count < 3; count++) feed.send()
      await page.goto(`${feed.origin}/other`)
      expect(await feed.leader('1')).toBe('2')
      for (let count = 0; count < 100; count++) feed.send()
      await expectWhole(feed, other, 1)
      await page.goBack()
      expect(await page.evaluate('isBack')).toBe(true)
      for (const tab of tabs) await expectWhole(feed, tab, 1)
      feed.send()
      for (const tab of tabs) await expectWhole(feed, tab, 1)
      expect(feed.requests).toBe(2)
    })

    it('Tabs lose no event with an ID when a page is back that missed more than they keep, and it then shares their connection', async () => {
      feed.hasPings = true
      const [leader, page, other] = [await openTab('1'), await openTab('2'), await openTab('3')]
      const tabs = [leader, page, other]
      for (const tab of tabs) await ask(tab, 'opened()')
      feed.send()
      for (const tab of tabs) await expectWhole(feed, tab, 1)
      await page.page.goto(`${feed.origin}/other`)
      for (let count = 0; count < 300; count++) feed.send()
      await expectWhole(feed, leader, 1)
      await page.page.goBack()
      for (const tab of tabs) await expectWhole(feed, tab, 1)
      for (let count = 0; count < 100; count++) feed.send()
      for (const tab of tabs) await expectWhole(feed, tab, 1)
      await feed.until(() => feed.connections.length === 1)
      expect(feed.connections).toMatchObject([{ tab: '1' }])
      expect(feed.requests).toBe(2)
    })

    it.for(['Worker', 'SharedWorker'])('A page takes over the connection that it shares with a %s', async (kind) => {
      const tab = await open('page', `${feed.origin}/tab?page`)
      await tab.evaluate(`void (globalThis.worker = new ${kind}('/worker.js?worker'))`)
      expect(await feed.leader()).toBe('worker')
      await tab.evaluate('void (globalThis.recorder = new Recorder())')
      await ask(tab, 'opened()')
      feed.send()
      const reached = `new Promise((resolve) => {
      const port = worker.port ?? worker
      port.onmessage = ({ data }) => resolve(data)
      port.postMessage(1)
    })`
      expect(await tab.evaluate(reached)).toMatchObject({ readyState: 1, first: 1, last: 1, problem: null })
      await expectWhole(feed, tab, 1)
      expect(feed.requests).toBe(1)
      if (kind === 'SharedWorker') return
      await tab.evaluate('worker.terminate()')
      expect(await feed.leader('worker')).toBe('page')
      feed.send()
      await expectWhole(feed, tab, 1)
    })

    it('Tabs of an insecure origin have connections of their own, and each logs a warning', async () => {
      const said: string[] = []
      for (const name of ['1', '2']) {
        const tab = await open(name, `${feed.origin.replace('127.0.0.1', 'plain.example')}/tab?${name}`)
        tab.page.on('console', (message) => said.push(`${message.type()} ${message.text()}`))
        expect(await tab.evaluate('isSecureContext')).toBe(false)
        await tab.evaluate('void (globalThis.recorder = new Recorder()), new Recorder({ withCredentials: true })')
        await ask(tab, 'opened()')
      }
      await feed.until(() => feed.connections.length === 4)
      await expect.poll(() => said, { timeout: maxStartTime }).toHaveLength(2)
      expect(said[0]).toMatch(/^warn SharedEventSource: tabs cannot share without Web Locks and BroadcastChannel .*$/)
    })
  },
)
