import type { CDPSession, Page } from 'puppeteer-core'
import { describe, expect } from 'vitest'
import { measurePageMemory, runInChromiumPage } from '../chromium-page.ts'
import { itInRuntime } from '../installed.ts'
import type { Work } from './leaks.page.ts'
import { startOneEventFeed } from './one-event-feed.ts'
import { receivers } from './receivers.ts'

const stops = [100, 1_000, 10_000] as const

/** 220 bytes for each of 9,000; a listener or a controller left behind by each would be more. */
const heapGrowth = 2_000_000

/** The maximum time of a run in ms; it takes a minute on an idle machine. */
const maxRunTime = 500_000

/** Returns the resources of a page after a garbage collection. */
async function takeSnapshot(session: CDPSession) {
  const heap = await measurePageMemory(session)
  const { metrics } = await session.send('Performance.getMetrics')
  const metric = (name: string): number | undefined => metrics.find((each) => each.name === name)?.value
  return { heap, listeners: metric('JSEventListeners'), nodes: metric('Nodes') }
}

async function run(does: keyof Work, openSockets: number): Promise<void> {
  const feed = await startOneEventFeed((request) => request % 2 === 1 && does === 'reconnect')
  const use = async (page: Page): Promise<void> => {
    const session = await page.createCDPSession()
    await session.send('Performance.enable')
    const snapshots: Awaited<ReturnType<typeof takeSnapshot>>[] = []
    let done = 0
    for (const stop of stops) {
      await page.evaluate((name, count) => globalThis.work[name](count), does, stop - done)
      done = stop
      // The server notices a moment later that the page has closed a connection.
      await expect.poll(() => feed.connections.size, { message: 'open sockets' }).toBe(openSockets)
      const snapshot = await takeSnapshot(session)
      console.log(`Chromium, ${does}, ${stop}: ${JSON.stringify(snapshot)}`)
      snapshots.push(snapshot)
    }
    const [afterHundred, afterThousand, atEnd] = snapshots
    expect(atEnd?.listeners).toBe(afterHundred?.listeners)
    expect(atEnd?.nodes).toBe(afterHundred?.nodes)
    expect((atEnd?.heap ?? NaN) - (afterThousand?.heap ?? NaN), 'bytes that the heap grew by').toBeLessThan(heapGrowth)
  }
  try {
    const entry = new URL('leaks.page.ts', import.meta.url)
    await runInChromiumPage({ entry, origin: feed.origin, maxRunTime, use })
  } finally {
    await feed.close()
  }
}

describe('A page uses as much memory after 10,000 connections as after 100', () => {
  const { chromium } = receivers
  itInRuntime(chromium, 'Closed objects leave nothing behind', () => run('openAndClose', 0), maxRunTime + 150_000)
  itInRuntime(chromium, 'Reconnections leave nothing behind', () => run('reconnect', 1), maxRunTime + 150_000)
})
