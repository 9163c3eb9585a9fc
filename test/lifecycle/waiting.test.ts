import { afterEach, beforeEach, expect, it } from 'vitest'
import type { BrowserTab } from '../browser-tabs.ts'
import { Condition } from '../condition.ts'
import type { HttpServer } from '../http-server.ts'
import { startPageServer } from '../page-server.ts'
import { describeInEveryBrowser, openTab } from './in-every-browser.ts'

let server: HttpServer
let tab: BrowserTab
let requests: number
const changed = new Condition()

beforeEach(async () => {
  requests = 0
  server = await startPageServer(new URL('waiting.page.ts', import.meta.url), (_, response) => {
    requests++
    response.writeHead(200, { 'Content-Type': 'text/event-stream' }).end('retry: 60000\ndata: a\n\n')
    changed.signal()
  })
})

afterEach(() => server.close())

/** Opens the page, and waits until its source waits for a reconnection. */
async function open(): Promise<void> {
  tab = await openTab(`${server.origin}/page.html`)
  await expect.poll(() => tab.evaluate('waiting.source.readyState')).toBe(0)
  await changed.until(() => requests === 1)
}

/** Expects that the wait has not ended: the next request is that of the event `online` of the window. */
async function expectToWait(): Promise<void> {
  expect(requests).toBe(1)
  await tab.evaluate(`dispatchEvent(new Event('online'))`)
  await changed.until(() => requests === 2)
}

describeInEveryBrowser('A source waits as long as its server asks for', (name) => {
  it(`An event online that an element dispatches does not end a wait in ${name}`, async () => {
    await open()
    for (let times = 0; times < 10; times++) await tab.evaluate('waiting.dispatchAtBody()')
    // A request that had been made would be older than this one.
    await tab.evaluate(`fetch('/page.js').then((response) => response.text()).then(() => null)`)
    await expectToWait()
  })

  it(`A page whose timers were stopped for seconds keeps waiting in ${name}`, async () => {
    await open()
    await tab.evaluate('waiting.stop()')
    await expectToWait()
  })
})
