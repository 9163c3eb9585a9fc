import process from 'node:process'
import puppeteer, { type Browser, type LaunchOptions, type Page } from 'puppeteer-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Playground, startPlayground } from '../../fixtures/playground/server.ts'
import {
  chromiumExecutable,
  chromiumOptions,
  firefoxExecutable,
  firefoxOptions,
} from '../conformance/runners/puppeteer-browser.ts'
import { launchWebKit, webKitExecutables } from '../conformance/runners/webkit-browser.ts'

const { CI } = process.env

/** The maximum time in ms for a browser to start. */
const longestStart = 120_000

const chromium = chromiumExecutable()
const firefox = firefoxExecutable()
const webKit = webKitExecutables()

let playground: Playground
let browser: Browser
let page: Page
let problems: string[]

beforeEach(async () => {
  playground = await startPlayground({ library: 'src' })
})

afterEach(() => playground.close())

async function openPage(): Promise<void> {
  problems = []
  page = await browser.newPage()
  page.on('pageerror', (error) => problems.push(String(error)))
  page.on('console', (message) => {
    // Network errors are the subject of the page, and browsers log them.
    if (message.type() === 'error' && !/Failed to load resource|net::/.test(message.text()))
      problems.push(message.text())
  })
  await page.goto(playground.url, { timeout: longestStart })
}

function read(selector: string): Promise<string> {
  return page.$eval(selector, (element) => element.textContent ?? '')
}

async function readCount(selector: string): Promise<number> {
  return Number(await read(selector))
}

/** Returns the pixels of a plot. */
function readPlot(id: string): Promise<string> {
  return page.$eval(`#${id} canvas`, (canvas) => (canvas as HTMLCanvasElement).toDataURL())
}

async function expectState(side: 'ours' | 'native', state: string): Promise<void> {
  await expect
    .poll(() => page.$eval(`#${side}-state`, (element) => (element as HTMLElement).dataset['state']))
    .toBe(state)
}

/** Records all states that the page shows until `expectShown`, because a state may be brief. */
async function watchState(side: 'ours' | 'native'): Promise<void> {
  await page.$eval(`#${side}-state`, (element) => {
    const shown: string[] = []
    new MutationObserver(() => shown.push(element.textContent ?? '')).observe(element, { childList: true })
    Object.assign(element, { shown })
  })
}

async function expectShown(side: 'ours' | 'native', state: RegExp): Promise<void> {
  await expect
    .poll(() => page.$eval(`#${side}-state`, (element) => (element as unknown as { shown: string[] }).shown))
    .toContainEqual(expect.stringMatching(state))
}

/** Waits for the next event of one side. */
async function expectEvent(side: 'ours' | 'native'): Promise<void> {
  const before = await readCount(`#${side}-events`)
  await expect.poll(() => readCount(`#${side}-events`)).toBeGreaterThan(before)
}

async function press(name: string): Promise<void> {
  await page.locator(`::-p-aria([name="${name}"][role="button"])`).click()
}

/** Runs the tests in a browser, and reports a missing one. */
function inBrowser(name: string, options: LaunchOptions | undefined, register: () => void): void {
  describe(`The playground works in ${name}`, { timeout: 2 * longestStart }, () => {
    if (options === undefined) {
      it('The browser is installed', ({ skip }) => {
        if (CI) throw new Error(`${name} is missing`)
        console.warn(`SKIPPED: ${name} is missing`)
        skip('missing')
      })
      return
    }
    beforeAll(async () => {
      browser = await puppeteer.launch(options)
    }, longestStart)
    afterAll(() => browser.close())
    afterEach(() => page.close())
    register()
  })
}

inBrowser('Chromium', chromium ? chromiumOptions(chromium) : undefined, () => {
  it('The playground shows both clients open, their events and the plots', async () => {
    await openPage()
    await expectState('ours', 'open')
    await expectState('native', 'open')
    await expectEvent('native')
    await expectEvent('ours')
    const plots = [await readPlot('states'), await readPlot('rates')]
    await expectEvent('ours')
    for (const [index, id] of ['states', 'rates'].entries()) {
      await expect.poll(() => readPlot(id)).not.toBe(plots[index])
    }
    const [time, id, type, data] = await page.$$eval('#events tr:first-child td', (cells) =>
      cells.map((cell) => cell.textContent),
    )
    expect(time).not.toBe('')
    expect(Number(id)).toBeGreaterThan(0)
    expect(type).toMatch(/^(message|notice)$/)
    expect(JSON.parse(data ?? '')).toMatchObject({ number: Number(id) })
    expect(problems).toEqual([])
  })

  it('Dropping the connections makes both clients reconnect without missing an event', async () => {
    await openPage()
    await expectEvent('ours')
    await watchState('ours')
    await press('Drop the connections')
    await expectShown('ours', /^waiting, /)
    expect(await read('#error')).toContain('"code": "network"')
    await expect.poll(() => read('#native-error')).toContain('error, and no more')
    await expectState('ours', 'open')
    await expectState('native', 'open')
    await expectEvent('ours')
    expect(await readCount('#ours-attempts')).toBeGreaterThan(1)
    expect(await readCount('#ours-missed')).toBe(0)
  })

  it('A 503 with Retry-After makes ours wait and reconnect, and closes the native client forever', async () => {
    await openPage()
    await expectEvent('ours')
    await watchState('ours')
    await press('503 with Retry-After, for 6 s')
    await expectState('native', 'closed')
    await expect.poll(() => read('#error')).toContain('"status": 503')
    expect(await read('#error')).toContain('maintenance')
    await expectShown('ours', /^waiting, \d+\.\d s$/)
    await expectState('ours', 'open')
    await expectEvent('ours')
    expect(await readCount('#ours-missed')).toBe(0)
    await expectState('native', 'closed')
  })

  it('A silent server is detected by ours and not by the native client', async () => {
    await openPage()
    await expectEvent('ours')
    await press('Go silent')
    await expect.poll(() => read('#error')).toContain('"code": "idle"')
    await expectState('native', 'open')
    await press('Back to normal')
    await expectEvent('ours')
    await expectEvent('native')
  })

  it('Slow events and garbage do not stop our client', async () => {
    await openPage()
    await expectEvent('ours')
    await press('Send slowly')
    await expectEvent('ours')
    await press('Send garbage')
    await expect
      .poll(() => page.$$eval('#events td:last-child', (cells) => cells.map((cell) => cell.textContent)))
      .toContainEqual(expect.stringContaining('not UTF-8: \uFFFD'))
    await press('Back to normal')
    await expectEvent('ours')
    await expectState('ours', 'open')
  })

  it('The buttons close, connect with headers and reconnect, and a bad header is rejected', async () => {
    await openPage()
    await expectEvent('ours')
    await press('Close')
    await expectState('ours', 'closed')
    await expectState('native', 'closed')
    await page.locator('#headers').fill('X-Key: sesame')
    const requested = page.waitForRequest((request) => request.headers()['x-key'] === 'sesame')
    await press('Connect')
    await requested
    await expectState('ours', 'open')
    await press('Reconnect')
    await expect.poll(() => readCount('#ours-attempts')).toBe(2)
    await expectState('ours', 'open')
    await page.locator('#headers').fill('no header')
    await press('Connect')
    await expect.poll(() => read('#mistake')).toContain('"no header" is no header')
  })

  it('The playground counts tabs, which share one connection', async () => {
    await openPage()
    await expect.poll(() => read('#tabs')).toContain('1 tab, 1 connection')
    const opened = new Promise<Page>((resolve) => page.once('popup', (popup) => popup && resolve(popup)))
    await press('Open another tab')
    const other = await opened
    await expect.poll(() => other.$eval('#tabs', (element) => element.textContent)).toContain('2 tabs, 1 connection')
    await other.close()
    await page.bringToFront()
    await expect.poll(() => read('#tabs')).toContain('1 tab, 1 connection')
  })

  it('The playground works by keyboard, and on a phone without scrolling sideways', async () => {
    await openPage()
    await expectEvent('ours')
    await watchState('ours')
    await page.focus('#troubles button')
    await page.keyboard.press('Enter')
    await expectShown('ours', /^waiting, /)
    await page.setViewport({ width: 360, height: 740 })
    const { scrollWidth, clientWidth } = await page.$eval('html', ({ scrollWidth, clientWidth }) => ({
      scrollWidth,
      clientWidth,
    }))
    expect(scrollWidth).toBeLessThanOrEqual(clientWidth)
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'dark' }])
    const dark = await page.$eval('body', (body) => getComputedStyle(body).backgroundColor)
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'light' }])
    expect(await page.$eval('body', (body) => getComputedStyle(body).backgroundColor)).not.toBe(dark)
  })
})

inBrowser('Firefox', firefox ? firefoxOptions(firefox) : undefined, () => {
  it('The playground opens without an error', async () => {
    await openPage()
    await expectState('ours', 'open')
    await expectEvent('ours')
    await expectEvent('native')
    await expect.poll(() => read('#tabs')).toContain('1 tab, 1 connection')
    expect(await read('#mistake')).toBe('')
    expect(problems).toEqual([])
  })
})

describe('The playground works in WebKit', () => {
  it('The playground opens without an error', { timeout: 2 * longestStart }, async ({ skip }) => {
    if (webKit === undefined) {
      if (CI) throw new Error('WebKit is missing')
      console.warn('SKIPPED: WebKit is missing')
      skip('missing')
      return
    }
    const started = await launchWebKit(webKit)
    try {
      await started.openPage(playground.url, () => {})
      const readText = (id: string): Promise<unknown> =>
        started.execute(`return document.getElementById(${JSON.stringify(id)}).textContent`)
      await expect.poll(async () => Number(await readText('ours-events'))).toBeGreaterThan(2)
      await expect.poll(async () => Number(await readText('native-events'))).toBeGreaterThan(2)
      expect(await readText('mistake')).toBe('')
    } finally {
      await started.close()
    }
  })
})
