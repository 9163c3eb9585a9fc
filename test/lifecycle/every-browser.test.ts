import { afterEach, beforeEach, expect, it } from 'vitest'
import type { BrowserTab } from '../browser-tabs.ts'
import type { LiveFeed } from '../live-feed.ts'
import { describeInEveryBrowser, openTab } from './in-every-browser.ts'
import { numbersOf, startFeed } from './page-feed.ts'

let feed: LiveFeed
let tab: BrowserTab

const readLog = async (): Promise<string[]> => (await tab.evaluate('lifecycle.log')) as string[]

/** Sends an event, and waits until the page has received it. */
async function receiveNext(): Promise<void> {
  feed.send()
  await expect.poll(async () => numbersOf(await readLog()).at(-1)).toBe(feed.number)
}

beforeEach(async () => {
  feed = await startFeed()
})

afterEach(() => feed.close())

async function open(hash = ''): Promise<void> {
  tab = await openTab(`${feed.origin}/${hash}`)
  await feed.until(() => feed.connections.length === 1)
  await receiveNext()
}

describeInEveryBrowser('An EventSource follows the life cycle of its page', (name) => {
  it.for(['pagehide', 'pageshow', 'freeze', 'resume', 'visibilitychange'])(
    `An event of the name %s that an element dispatches leaves the connection open in ${name}`,
    async (type) => {
      await open('#pause-when-hidden')
      const dispatch = (init: string): string =>
        `(document.body.dispatchEvent(Object.assign(new Event('${type}', ${init}), { persisted: true })))`
      for (const init of ['{}', '{ bubbles: true }', '{ bubbles: true, composed: true }']) {
        await tab.evaluate(dispatch(init))
        await receiveNext()
      }
      expect(feed.requests).toBe(1)
      expect((await readLog()).filter((entry) => entry === 'open')).toHaveLength(1)
    },
  )

  it(`A source whose element dispatched freeze is still closed and reconnected with its page in ${name}`, async () => {
    await open()
    await tab.evaluate(`document.body.dispatchEvent(new Event('resume', { bubbles: true }))`)
    await tab.evaluate(`document.dispatchEvent(new Event('freeze'))`)
    await feed.until(() => feed.connections.length === 0)
    await tab.evaluate(`document.body.dispatchEvent(new Event('resume', { bubbles: true }))`)
    await tab.evaluate(`document.dispatchEvent(new Event('resume'))`)
    await feed.until(() => feed.connections.length === 1)
    await receiveNext()
    expect(feed.requests).toBe(2)
  })

  // Firefox does not put a page with an open request into its back/forward cache.
  it.skipIf(name === 'firefox')(
    `A page in the back/forward cache has no connection, and misses nothing when it is back in ${name}`,
    async () => {
      await open()
      await tab.evaluate('void (location.href = "/other")')
      await feed.until(() => feed.connections.length === 0)
      await expect.poll(() => tab.evaluate('location.pathname').catch(() => '')).toBe('/other')
      for (let count = 0; count < 3; count++) feed.send()
      await tab.evaluate('void history.back()')
      await feed.until(() => feed.connections.length === 1)
      await receiveNext()
      const log = await readLog()
      expect(log).toContain('pagehide persisted')
      expect(log).toContain('pageshow persisted')
      expect(numbersOf(log)).toEqual([1, 2, 3, 4, 5])
      expect(feed.lastEventIds).toEqual(['', '1'])
    },
  )
})
