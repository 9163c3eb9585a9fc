import type { Browser, Page } from 'puppeteer-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import type { ClientName } from '../../fixtures/playground/entry.ts'
import { type Playground, startPlayground } from '../../fixtures/playground/server.ts'
import { chromiumExecutable, maxStartTime, startChromium } from '../conformance/runners/puppeteer-browser.ts'
import { describeWith } from '../installed.ts'

/** The playground in a page of a real browser. */
export class PlaygroundPage {
  readonly page: Page
  /** The errors of the page so far. */
  readonly problems: string[] = []

  private constructor(page: Page) {
    this.page = page
    page.on('pageerror', (error) => this.problems.push(String(error)))
    page.on('console', (message) => {
      // Browsers log network errors, which are the subject of the page.
      if (message.type() === 'error' && !/Failed to load resource|net::|blocked by CORS/.test(message.text())) {
        this.problems.push(message.text())
      }
    })
  }

  static async open(browser: Browser, url: string): Promise<PlaygroundPage> {
    const playground = new PlaygroundPage(await browser.newPage())
    await playground.page.goto(url, { timeout: maxStartTime })
    return playground
  }

  read(selector: string): Promise<string> {
    return this.page.$eval(selector, (element) => element.textContent ?? '')
  }

  /** Returns the texts of all elements. */
  readAll(selector: string): Promise<string[]> {
    return this.page.$$eval(selector, (elements) => elements.map((element) => element.textContent ?? ''))
  }

  async readCount(selector: string): Promise<number> {
    return Number(await this.read(selector))
  }

  isDisabled(selector: string): Promise<boolean> {
    return this.page.$eval(selector, (element) => element.matches(':disabled'))
  }

  /** Returns the states in a client's lane, from left to right. */
  readLane(client: ClientName): Promise<string[]> {
    return this.page.$$eval(`#${client}-lane span`, (segments) =>
      segments.map((segment) => (segment as HTMLElement).dataset['state'] ?? ''),
    )
  }

  async press(name: string): Promise<void> {
    await this.page.locator(`::-p-aria([name="${name}"][role="button"])`).click()
  }

  async fill(name: string, value: string): Promise<void> {
    const isOpen = await this.page.$eval('#request-details', (details) => (details as HTMLDetailsElement).open)
    if (!isOpen) await this.page.click('#request-details summary')
    await this.page.locator(`#connection [name="${name}"]`).fill(value)
  }

  async expectState(client: ClientName, state: string): Promise<void> {
    await expect
      .poll(() => this.page.$eval(`#${client}-state`, (element) => (element as HTMLElement).dataset['state']))
      .toBe(state)
  }

  /** Waits for another event of a client. */
  async expectEvent(client: ClientName = 'everysource'): Promise<void> {
    const before = await this.readCount(`#${client}-events`)
    await expect.poll(() => this.readCount(`#${client}-events`)).toBeGreaterThan(before)
  }

  /** Waits for a row of the log that contains this text. */
  async expectRow(text: string | RegExp): Promise<void> {
    const expected = typeof text === 'string' ? expect.stringContaining(text) : expect.stringMatching(text)
    await expect.poll(() => this.readAll('#log-rows tr')).toContainEqual(expected)
  }
}

export interface Context {
  readonly browser: Browser
  readonly playground: Playground
  readonly opened: PlaygroundPage
}

/** Registers tests that each have a new server and a new page, or reports that the browser is missing. */
export function describeInBrowser(
  title: string,
  name: string,
  start: (() => Promise<Browser>) | undefined,
  register: (context: Context) => void,
): void {
  describeWith(name, start, title, { timeout: 2 * maxStartTime }, (startBrowser) => {
    let browser: Browser
    let playground: Playground
    let opened: PlaygroundPage
    beforeAll(async () => {
      browser = await startBrowser()
    }, maxStartTime)
    afterAll(() => browser.close())
    beforeEach(async () => {
      playground = await startPlayground({ library: 'src' })
      opened = await PlaygroundPage.open(browser, playground.url)
    })
    afterEach(async () => {
      await opened.page.close()
      await playground.close()
    })
    register({
      get browser() {
        return browser
      },
      get playground() {
        return playground
      },
      get opened() {
        return opened
      },
    })
  })
}

export function describeInChromium(title: string, register: (context: Context) => void): void {
  const executable = chromiumExecutable()
  describeInBrowser(title, 'Chromium', executable ? () => startChromium(executable) : undefined, register)
}
