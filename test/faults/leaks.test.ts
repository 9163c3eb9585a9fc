import puppeteer, { type CDPSession } from 'puppeteer-core'
import { describe, expect } from 'vitest'
import { chromiumOptions } from '../conformance/runners/puppeteer-browser.ts'
import { clients } from './clients.ts'
import { inRuntime } from './in-runtime.ts'
import type { Work } from './leaks.page.ts'
import { startOneEventFeed } from './one-event-feed.ts'
import { bundle } from './run-client.ts'

const stops = [100, 1_000, 10_000] as const

/** 220 bytes for each of 9,000; a listener or a controller left behind by each would be more. */
const heapGrowth = 2_000_000

/** In ms. It is a minute where the machine has nothing else to do. */
const longestRun = 500_000

/** What a page holds after a garbage collection. */
async function look(session: CDPSession) {
  await session.send('HeapProfiler.collectGarbage')
  const { usedSize, embedderHeapUsedSize = 0, backingStorageSize = 0 } = await session.send('Runtime.getHeapUsage')
  const { metrics } = await session.send('Performance.getMetrics')
  const metric = (name: string): number | undefined => metrics.find((each) => each.name === name)?.value
  return {
    heap: usedSize + embedderHeapUsedSize + backingStorageSize,
    listeners: metric('JSEventListeners'),
    nodes: metric('Nodes'),
  }
}

async function run(does: keyof Work, openSockets: number): Promise<void> {
  const feed = await startOneEventFeed((request) => request % 2 === 1 && does === 'reconnect')
  const browser = await puppeteer.launch({
    ...chromiumOptions(clients.chromium.executable ?? ''),
    networkEnabled: false,
    issuesEnabled: false,
    protocolTimeout: longestRun,
  })
  try {
    const page = await browser.newPage()
    await page.goto(feed.origin, { timeout: 120_000 })
    await page.addScriptTag({ content: await bundle('leaks.page.ts', 'browsers') })
    const session = await page.createCDPSession()
    await session.send('Performance.enable')
    const holdings: Awaited<ReturnType<typeof look>>[] = []
    let done = 0
    for (const stop of stops) {
      await page.evaluate((name, count) => globalThis.work[name](count), does, stop - done)
      done = stop
      // What the page has closed, the server notices a moment later.
      await expect.poll(() => feed.openSockets, { message: 'open sockets' }).toBe(openSockets)
      const holding = await look(session)
      console.log(`Chromium, ${does}, ${stop}: ${JSON.stringify(holding)}`)
      holdings.push(holding)
    }
    const [afterHundred, afterThousand, atEnd] = holdings
    expect(atEnd?.listeners).toBe(afterHundred?.listeners)
    expect(atEnd?.nodes).toBe(afterHundred?.nodes)
    expect((atEnd?.heap ?? NaN) - (afterThousand?.heap ?? NaN), 'bytes that the heap grew by').toBeLessThan(heapGrowth)
  } finally {
    await browser.close()
    await feed.close()
  }
}

describe('A page uses as much memory after 10,000 connections as after 100', () => {
  inRuntime(clients.chromium, 'Closed objects leave nothing behind', () => run('openAndClose', 0), longestRun + 150_000)
  inRuntime(clients.chromium, 'Reconnections leave nothing behind', () => run('reconnect', 1), longestRun + 150_000)
})
