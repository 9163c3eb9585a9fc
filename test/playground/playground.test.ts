import type { Page } from 'puppeteer-core'
import { expect, it } from 'vitest'
import { startPlayground } from '../../fixtures/playground/server.ts'
import { firefoxExecutable, maxStartTime, startFirefox } from '../conformance/runners/puppeteer-browser.ts'
import { launchWebKit, webKitExecutables } from '../conformance/runners/webkit-browser.ts'
import { describeWith } from '../installed.ts'
import { describeInBrowser, describeInChromium } from './playground-page.ts'

const firefox = firefoxExecutable()
describeInChromium('The playground compares two clients in Chromium', (context) => {
  it('The page shows both clients open, and their events', async () => {
    const { opened } = context
    await opened.expectState('everysource', 'open')
    await opened.expectState('native', 'open')
    await opened.expectEvent('native')
    await opened.expectEvent('everysource')
    expect(await opened.readLane('everysource')).toEqual(['connecting', 'open'])
    expect(opened.problems).toEqual([])
  })

  it('The lanes and the chart show the last 60 seconds from the first second on', async () => {
    const { opened } = context
    await opened.expectState('everysource', 'open')
    await opened.expectEvent()
    const lane = await opened.page.$eval('#everysource-lane', (element) => {
      const { left, right, width } = element.getBoundingClientRect()
      const segments = [...element.children].map((segment) => segment.getBoundingClientRect())
      return {
        seconds: ((right - (segments[0]?.left ?? left)) / width) * 60,
        end: right - (segments.at(-1)?.right ?? 0),
      }
    })
    expect(lane.end).toBeLessThan(1)
    expect(lane.seconds).toBeGreaterThan(0)
    // Only a page that has been open for most of a minute may fill most of the lane.
    const age = await opened.page.evaluate(() => performance.now() / 1_000)
    expect(lane.seconds).toBeLessThan(age + 1)
    expect(await opened.readAll('.axis span')).toEqual(['60 s ago', '45 s', '30 s', '15 s', 'now'])
  })

  it('Each client has its own lane, whose segments do not overlap', async () => {
    const { opened } = context
    await opened.expectEvent()
    await opened.press('Disconnect')
    await opened.expectState('everysource', 'waiting')
    await opened.expectState('everysource', 'open')
    await opened.expectState('native', 'open')
    await opened.expectEvent()
    expect(await opened.readLane('everysource')).toEqual(
      expect.arrayContaining(['connecting', 'open', 'waiting', 'open']),
    )
    expect(await opened.readLane('native')).toEqual(['connecting', 'open', 'connecting', 'open'])
    const [ours, native] = await Promise.all(
      (['everysource', 'native'] as const).map((client) =>
        opened.page.$$eval(`#${client}-lane span`, (segments) =>
          segments.map((segment) => {
            const { left, right, top, bottom } = segment.getBoundingClientRect()
            return { left, right, top, bottom }
          }),
        ),
      ),
    )
    for (const segments of [ours ?? [], native ?? []]) {
      for (const [index, { left }] of segments.entries()) {
        const previous = segments[index - 1]
        if (previous) expect(left).toBeCloseTo(previous.right, 0)
      }
    }
    expect(ours?.[0]?.bottom).toBeLessThanOrEqual(native?.[0]?.top ?? 0)
  })

  it('The chart of rates is redrawn with every event', async () => {
    const { opened } = context
    const readPixels = (): Promise<string> =>
      opened.page.$eval('#rates canvas', (canvas) => (canvas as HTMLCanvasElement).toDataURL())
    await opened.expectEvent()
    const before = await readPixels()
    await opened.expectEvent()
    await expect.poll(readPixels).not.toBe(before)
  })

  it('The empty chart and the empty log say what will appear there', async () => {
    const { opened } = context
    await opened.expectEvent()
    const isShown = (id: string): Promise<boolean> =>
      opened.page.$eval(`#${id}`, (element) => element.checkVisibility())
    expect(await isShown('rates-empty')).toBe(false)
    await opened.press('Go silent')
    await expect.poll(() => opened.read('#fault-note')).toContain('sends nothing')
    await opened.press('Connect')
    await expect.poll(() => isShown('rates-empty')).toBe(true)
    expect(await opened.read('#rates-empty')).toContain('events per second of both clients appear here')
    await opened.press('Clear')
    expect(await isShown('log-empty')).toBe(true)
    expect(await opened.read('#log-empty')).toContain('appear here')
  })

  it('A page that cannot connect says so, and what its empty lanes will show', async () => {
    const { browser, playground, opened } = context
    const page = await browser.newPage()
    await page.evaluateOnNewDocument(() => {
      // Stands for a browser that has restored an invalid form.
      globalThis.FormData = class extends FormData {
        override get(name: string): FormDataEntryValue | null {
          return name === 'headers' ? 'no header' : super.get(name)
        }
      }
    })
    await page.goto(playground.url)
    const readPage = (selector: string): Promise<string | null> =>
      page.$eval(selector, (element) => element.textContent)
    expect(await readPage('#mistake')).toBe('"no header" is not a header: write Name: value')
    expect(await readPage('#lanes-empty')).toContain('state of each client over time appears here')
    expect(await page.$eval('#lanes-empty', (element) => element.checkVisibility())).toBe(true)
    await page.close()
    await opened.page.bringToFront()
  })

  it('The playground counts tabs, which share one connection and the active fault', async () => {
    const { opened } = context
    await expect.poll(() => opened.read('#tabs')).toContain('1 tab, 1 connection')
    // By the keyboard: a click misses where the page moves while new rows arrive.
    const button = await opened.page.locator('#open-tab').waitHandle()
    await button.press('Enter')
    const opener = opened.page.target()
    const target = await opened.page.browser().waitForTarget((target) => target.opener() === opener)
    const other = (await target.page()) as Page
    await expect.poll(() => other.$eval('#tabs', (element) => element.textContent)).toContain('2 tabs, 1 connection')
    await other.locator('::-p-aria([name="Send slowly"][role="button"])').click()
    await expect.poll(() => opened.page.$eval('#faults [value=slow]', (button) => button.ariaPressed)).toBe('true')
    await other.close()
    await opened.page.bringToFront()
    await expect.poll(() => opened.read('#tabs')).toContain('1 tab, 1 connection')
  })
})

describeInChromium('The buttons break the demo feed', (context) => {
  it('Dropping the connections makes both clients reconnect without missing an event', async () => {
    const { opened } = context
    await opened.expectEvent()
    await opened.press('Disconnect')
    await opened.expectRow(/everysourceerrorReconnects in \d\.\d s\. reason: network/)
    await opened.expectRow('nativeerrorReconnects. The event says no more.')
    await opened.expectState('everysource', 'open')
    await opened.expectState('native', 'open')
    await opened.expectEvent()
    expect(await opened.readCount('#everysource-attempts')).toBeGreaterThan(1)
    expect(await opened.readCount('#everysource-missed')).toBe(0)
  })

  it('A 503 with Retry-After makes everysource wait and reconnect, and closes the native client forever', async () => {
    const { opened } = context
    await opened.expectEvent()
    await opened.press('503 for 6 s')
    await opened.expectState('native', 'failed')
    await opened.expectRow(/Reconnects in \d\.\d s\. reason: status status: 503/)
    await opened.expectState('everysource', 'waiting')
    expect(await opened.read('#everysource-countdown')).toMatch(/^\d+\.\d s$/)
    await opened.expectState('everysource', 'open')
    await opened.expectEvent()
    expect(await opened.readCount('#everysource-missed')).toBe(0)
    await opened.expectState('native', 'failed')
    await opened.expectRow('nativeerrorClosed, and does not reconnect.')
    expect(await opened.readLane('everysource')).toContain('waiting')
    expect((await opened.readLane('native')).at(-1)).toBe('failed')
  })

  it('A silent server is detected by everysource and not by the native client', async () => {
    const { opened } = context
    await opened.expectEvent()
    await opened.press('Go silent')
    await opened.expectRow('reason: idle')
    await opened.expectState('native', 'open')
    await opened.press('Normal')
    await opened.expectEvent('everysource')
    await opened.expectEvent('native')
  })

  it('A slow server and garbage do not stop everysource', async () => {
    const { opened } = context
    await opened.expectEvent()
    await opened.press('Send slowly')
    await opened.expectEvent()
    await opened.press('Send garbage')
    await opened.expectRow('not UTF-8: \uFFFD')
    await opened.press('Normal')
    await opened.expectEvent()
    await opened.expectState('everysource', 'open')
  })

  it('The button of the active fault is pressed, and is released when the fault is over', async () => {
    const { opened } = context
    const readPressed = (): Promise<string[]> => opened.readAll('#faults [aria-pressed=true]')
    await opened.expectEvent()
    expect(await readPressed()).toEqual(['Normal'])
    await opened.press('Go silent')
    await expect.poll(readPressed).toEqual(['Go silent'])
    await opened.press('503 for 6 s')
    await expect.poll(readPressed).toEqual(['503 for 6 s'])
    expect(await opened.read('#fault-note')).toContain('503')
    await expect.poll(readPressed).toEqual(['Normal'])
  })

  it('The buttons are disabled for another URL, and the page says why', async () => {
    const { opened } = context
    await opened.expectEvent()
    expect(await opened.isDisabled('#faults button')).toBe(false)
    await opened.page.locator('#url').fill('/shared')
    await opened.press('Connect')
    await opened.expectEvent()
    expect(await opened.isDisabled('#faults button')).toBe(true)
    expect(await opened.read('#fault-note')).toContain('demo feed only')
    await opened.page.locator('#url').fill('/feed')
    await opened.press('Connect')
    await opened.expectEvent()
    expect(await opened.isDisabled('#faults button')).toBe(false)
  })
})

const openFirefox = firefox ? () => startFirefox(firefox) : undefined

describeInBrowser('The playground works in Firefox', 'Firefox', openFirefox, (context) => {
  it('The playground opens without an error', async () => {
    const { opened } = context
    await opened.expectState('everysource', 'open')
    await opened.expectEvent('everysource')
    await opened.expectEvent('native')
    await expect.poll(() => opened.read('#tabs')).toContain('1 tab, 1 connection')
    expect(await opened.readLane('native')).toEqual(['connecting', 'open'])
    expect(await opened.readAll('#log-rows tr')).toContainEqual(expect.stringContaining('everysourcemessage'))
    expect(await opened.read('#mistake')).toBe('')
    expect(opened.problems).toEqual([])
  })
})

const webKit = webKitExecutables()

describeWith('WebKit', webKit, 'The playground works in WebKit', { timeout: 2 * maxStartTime }, (executables) => {
  it('The playground opens without an error', async () => {
    const playground = await startPlayground({ library: 'src' })
    const started = await launchWebKit(executables)
    try {
      await started.openPage(playground.url, () => {})
      const readText = (id: string): Promise<unknown> =>
        started.execute(`return document.getElementById(${JSON.stringify(id)}).textContent`)
      await expect.poll(async () => Number(await readText('everysource-events'))).toBeGreaterThan(2)
      await expect.poll(async () => Number(await readText('native-events'))).toBeGreaterThan(2)
      expect(await readText('mistake')).toBe('')
      expect(await readText('log-rows')).toContain('everysourcemessage')
      expect(await readText('everysource-state')).toBe('open')
    } finally {
      await started.close()
      await playground.close()
    }
  })
})
