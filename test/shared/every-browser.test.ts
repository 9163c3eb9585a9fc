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
      `Tabs continue soon after a page with %s was left for the back/forward cache in ${name}`,
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

    it(`The next leader asks with an ID that came without an event in ${name}`, async () => {
      feed.hasStartIds = true
      const [leader, follower] = [await openTab('1'), await openTab('2')]
      await expect.poll(() => follower.evaluate('recorder.source.lastEventId')).toBe('0')
      tabs.shift()
      await leader.close()
      await feed.until(() => feed.connections.every(({ tab }) => tab !== '1'))
      for (let count = 0; count < 3; count++) feed.send()
      await expectWhole(feed, follower, 1)
      expect(feed.lastEventIds).toEqual(['', '0'])
    })

    it(`A server that is busy when another tab takes over closes no tab in ${name}`, async () => {
      const [leader, second, third] = [await openTab('1'), await openTab('2'), await openTab('3')]
      feed.send()
      for (const tab of [second, third]) await expectWhole(feed, tab, 1)
      feed.refusal = 503
      tabs.shift()
      await leader.close()
      for (const tab of [second, third]) {
        expect(await ask(tab, 'failed(1)')).toMatchObject({
          readyState: 0,
          errors: [{ status: 503, willReconnect: true }],
        })
      }
      feed.refusal = undefined
      feed.send()
      for (const tab of [second, third]) await expectWhole(feed, tab, 1)
    })

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
      // The last reconnection follows within a second after the storm.
      await new Promise((resolve) => setTimeout(resolve, 1_500))
      await feed.leader()
      feed.send()
      for (const tab of all) await expectWhole(feed, tab)
      expect(feed.requests).toBeLessThanOrEqual(8)
      // The server may see the next request a moment before the end of the connection.
      expect(feed.maxConnections).toBeLessThanOrEqual(2)
      expect(feed.connections).toHaveLength(1)
    })

    it(`Tabs ignore junk on the channel, and report another version once in ${name}`, async () => {
      const [first, second] = [await openTab('1'), await openTab('2')]
      const outsider = await open('outsider', `${feed.origin}/other`)
      tabs.push(outsider)
      for (const tab of [first, second]) {
        await tab.evaluate(`void (globalThis.warnings = [], console.warn = (text) => warnings.push(text),
          globalThis.exceptions = [], addEventListener('error', ({ message }) => exceptions.push(message)))`)
      }
      const channelName = `everysource ${JSON.stringify([`${feed.origin}/events`, false, 'GET', 'follow', null, null])}`
      await outsider.evaluate(`void (globalThis.channel = new BroadcastChannel(${JSON.stringify(channelName)}))`)
      // The outsider receives what the tabs send, so that the name is the right one.
      await outsider.evaluate('void (globalThis.received = new Promise((resolve) => (channel.onmessage = resolve)))')
      feed.send()
      await outsider.evaluate('received.then(() => undefined)')
      const junk = `[null, undefined, 'junk', 7, [], {}, { version: 1 }, { version: 1, kind: 'update', messages: null },
        { version: 99, kind: 'update' }, { version: 99 }, new Map([[1, new Date()]])]`
      await outsider.evaluate(`void ${junk}.forEach((value) => channel.postMessage(value))`)
      feed.send()
      for (const tab of [first, second]) {
        await expectWhole(feed, tab, 1)
        expect(await tab.evaluate('exceptions')).toEqual([])
        await expect.poll(() => tab.evaluate('warnings')).toHaveLength(1)
        expect(await tab.evaluate('warnings[0]')).toMatch(/^SharedEventSource: .* another version/)
      }
      expect(feed.requests).toBe(1)
    })

    it(`Tabs continue after a script dispatches pagehide at the window in ${name}`, async () => {
      const [leader, follower] = [await openTab('1'), await openTab('2')]
      for (const tab of [leader, follower]) await tab.evaluate(`dispatchEvent(new Event('pagehide'))`)
      feed.send()
      for (const tab of [leader, follower]) await expectWhole(feed, tab, 1)
      expect(feed.requests).toBe(1)
    })

    it(`A source can be constructed in a frame that was removed in ${name}`, async () => {
      const tab = await openTab('1')
      await addFrame(tab)
      expect(
        await tab.evaluate(`(() => {
          const frame = document.querySelector('iframe')
          const { SharedEventSource } = frame.contentWindow
          frame.remove()
          return new SharedEventSource('${feed.origin}/events').url
        })()`),
      ).toBe(`${feed.origin}/events`)
    })

    it(`The warning in a sandboxed frame names the sandbox in ${name}`, async () => {
      const tab = await openTab('1')
      const warning = await tab.evaluate(`new Promise((resolve) => {
        addEventListener('message', ({ data }) => resolve(data))
        const frame = document.createElement('iframe')
        frame.sandbox = 'allow-scripts'
        const options = '{ scope: "a", fetch: () => new Promise(() => {}) }'
        const start = 'console.warn = (text) => parent.postMessage(text, "*"); new SharedEventSource("${feed.origin}/", ' + options + ')'
        frame.srcdoc = '<script src="${feed.origin}/tab.js"></script><script>' + start + '</script>'
        document.body.append(frame)
      })`)
      expect(warning).toMatch(/^SharedEventSource: tabs cannot share .* \(HTTPS or localhost, no sandbox\)$/)
    })

    it(`An event that an element dispatches does not affect the leader in ${name}`, async () => {
      const [leader, follower] = [await openTab('1'), await openTab('2')]
      for (const type of ['freeze', 'pagehide', 'pageshow', 'resume', 'visibilitychange']) {
        await leader.evaluate(`(document.body.dispatchEvent(
          Object.assign(new Event('${type}', { bubbles: true, composed: true }), { persisted: true })))`)
        feed.send()
        for (const tab of [leader, follower]) await expectWhole(feed, tab, 1)
      }
      expect(feed.connections).toMatchObject([{ tab: '1' }])
      expect(feed.requests).toBe(1)
    })
  })
}
