import type { CDPSession, LaunchOptions, Page } from 'puppeteer-core'
import { bundlePage } from './bundle-page.ts'
import { chromiumExecutable, startChromium } from './conformance/runners/puppeteer-browser.ts'

export interface PageProgram<Result> {
  /** The program of the page, which is bundled. */
  readonly entry: URL
  /** The origin of the page. */
  readonly origin: string
  /** The maximum time in ms for the start of the browser, the load of the page, and each call of the program. */
  readonly maxRunTime: number
  readonly options?: LaunchOptions
  /** Prepares the page before the program starts. */
  readonly prepare?: (page: Page) => Promise<void>
  /** Calls the program. */
  readonly use: (page: Page) => Promise<Result>
}

/** Runs a program in a page of Chromium, whose memory does not grow because of events for puppeteer. */
export async function runInChromiumPage<Result>(program: PageProgram<Result>): Promise<Result> {
  const { entry, origin, maxRunTime, options = {}, prepare, use } = program
  const browser = await startChromium(chromiumExecutable() ?? '', {
    // Chromium stores data of each request for those who observe the network.
    networkEnabled: false,
    issuesEnabled: false,
    timeout: maxRunTime,
    protocolTimeout: maxRunTime,
    ...options,
  })
  try {
    const page = await browser.newPage()
    await page.goto(origin, { timeout: maxRunTime })
    await prepare?.(page)
    await page.addScriptTag({ content: await bundlePage(entry) })
    return await use(page)
  } finally {
    await browser.close()
  }
}

/** Returns the bytes that a page uses after a garbage collection. */
export async function measurePageMemory(session: CDPSession): Promise<number> {
  await session.send('HeapProfiler.collectGarbage')
  const { usedSize, embedderHeapUsedSize = 0, backingStorageSize = 0 } = await session.send('Runtime.getHeapUsage')
  return usedSize + embedderHeapUsedSize + backingStorageSize
}
