import type { RequestListener } from 'node:http'
import process from 'node:process'
import type { Browser } from 'puppeteer-core'
import { expect } from 'vitest'
import { chromiumExecutable, startChromium } from '../conformance/runners/puppeteer-browser.ts'
import { type HttpServer, startHttpServer } from '../http-server.ts'

const chromium = chromiumExecutable()

export const hasChromium = chromium !== undefined

/** @throws Error if there is no Chromium and CI is set; otherwise the tests that need it are skipped, visibly. */
export async function launchBrowser(): Promise<Browser | undefined> {
  if (chromium !== undefined) return startChromium(chromium)
  if (process.env['CI']) throw new Error('Chromium is missing: CHROMIUM_PATH says where it is')
  return undefined
}

export interface Application extends HttpServer {
  /** Requests for the feed that the server is answering. */
  readonly openFeeds: number
}

/** Serves an application's page with its scripts, by path, and the feed at /events. */
export async function startApplication(
  scripts: Readonly<Record<string, string>>,
  feed: RequestListener,
): Promise<Application> {
  let openFeeds = 0
  const server = await startHttpServer((request, response) => {
    const { url = '' } = request
    const script = scripts[url]
    if (url === '/events') {
      openFeeds++
      response.once('close', () => openFeeds--)
      feed(request, response)
    } else if (script !== undefined) {
      response.writeHead(200, { 'Content-Type': 'text/javascript; charset=utf-8' }).end(script)
    } else {
      const page = '<!doctype html><title>An application</title><body><script src="/page.js"></script></body>'
      response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(page)
    }
  })
  return {
    ...server,
    get openFeeds() {
      return openFeeds
    },
  }
}

/** Opens a page, waits until its list has items enough and `holds` does, and returns the items. */
export async function listedItems(
  browser: Browser | undefined,
  url: string,
  count: number,
  holds: () => boolean = () => true,
): Promise<(string | null)[]> {
  if (browser === undefined) throw new Error('no browser is running')
  const page = await browser.newPage()
  const problems: unknown[] = []
  page.on('pageerror', (error) => problems.push(error))
  try {
    await page.goto(url)
    const items = () => page.evaluate(() => [...document.querySelectorAll('li')].map((item) => item.textContent))
    await expect.poll(async () => problems.length > 0 || ((await items()).length >= count && holds())).toBe(true)
    expect(problems).toEqual([])
    return await items()
  } finally {
    await page.close()
  }
}
