import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import { expect, it } from 'vitest'
import { describeInChromium, type PlaygroundPage } from './playground-page.ts'

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

const schemes = ['light', 'dark'] as const
const widths = [390, 1024, 1440] as const

async function emulate({ page }: PlaygroundPage, width: number, scheme: string): Promise<void> {
  await page.setViewport({ width, height: 900 })
  await page.emulateMediaFeatures([
    { name: 'prefers-color-scheme', value: scheme },
    // A color in the middle of a transition has any contrast.
    { name: 'prefers-reduced-motion', value: 'reduce' },
  ])
}

/** Returns the violations that axe-core finds, one per line. */
async function findViolations({ page }: PlaygroundPage): Promise<string[]> {
  const { violations } = await page.evaluate(() => {
    const { axe } = globalThis as unknown as { axe: { run(): Promise<AxeResults> } }
    return axe.run()
  })
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`),
  )
}

describeInChromium('The playground is accessible', (context) => {
  it('axe-core finds no violation in any color scheme, at any width, in any state of the clients', async () => {
    const { opened } = context
    await opened.page.addScriptTag({ path: axe })
    await opened.expectEvent()
    await opened.press('503 for 6 s')
    await opened.expectState('native', 'failed')
    await opened.expectRow('reason: status')
    await opened.page.click('#request-details summary')
    await opened.page.click('#code summary')
    for (const scheme of schemes) {
      for (const width of widths) {
        await emulate(opened, width, scheme)
        expect(await findViolations(opened), `${scheme}, ${width}`).toEqual([])
      }
    }
    await opened.page.locator('#url').fill('/missing')
    await opened.fill('headers', 'no header')
    await opened.press('Connect')
    await opened.fill('headers', '')
    await opened.press('Connect')
    await opened.expectState('everysource', 'failed')
    await opened.press('Pause')
    await opened.press('Clear')
    for (const scheme of schemes) {
      await emulate(opened, 1024, scheme)
      expect(await findViolations(opened), `empty, ${scheme}`).toEqual([])
    }
  })

  it.each(schemes)(
    'Borders of controls have a contrast of 3:1, and placeholders one of 4.5:1, in the %s scheme',
    async (scheme) => {
      const { opened } = context
      await emulate(opened, 1024, scheme)
      await opened.expectEvent()
      await opened.page.click('#request-details summary')
      const contrasts = await opened.page.evaluate(() => {
        const channels = (color: string): number[] => (color.match(/[\d.]+/g) ?? []).slice(0, 3).map(Number)
        const luminance = (color: string): number => {
          const [red = 0, green = 0, blue = 0] = channels(color).map((channel) => {
            const share = channel / 255
            return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
          })
          return 0.2126 * red + 0.7152 * green + 0.0722 * blue
        }
        const contrast = (first: string, second: string): number => {
          const [darker = 0, lighter = 0] = [luminance(first), luminance(second)].sort((a, b) => a - b)
          return (lighter + 0.05) / (darker + 0.05)
        }
        const controls = document.querySelectorAll<HTMLElement>(
          'button:enabled, select, textarea, input:not([type=checkbox], [type=radio])',
        )
        return [...controls].map((control) => {
          const card = getComputedStyle(control.closest('.card') as Element).backgroundColor
          const { borderTopColor, backgroundColor } = getComputedStyle(control)
          const placeholder = control.matches('[placeholder]')
            ? getComputedStyle(control, '::placeholder').color
            : undefined
          return {
            control: control.id || control.getAttribute('name') || control.textContent,
            border: contrast(borderTopColor, card),
            placeholder: placeholder === undefined ? undefined : contrast(placeholder, backgroundColor),
          }
        })
      })
      expect(contrasts.length).toBeGreaterThan(20)
      for (const { control, border, placeholder } of contrasts) {
        expect(border, `border of ${control}`).toBeGreaterThanOrEqual(3)
        if (placeholder !== undefined) expect(placeholder, `placeholder of ${control}`).toBeGreaterThanOrEqual(4.5)
      }
    },
  )

  it('Every canvas and every lane has a name that says what it shows', async () => {
    const { opened } = context
    await opened.expectEvent()
    const names = await opened.page.$$eval('canvas, .lane', (elements) =>
      elements.map((element) => [element.getAttribute('role'), element.ariaLabel]),
    )
    expect(names).toEqual([
      ['img', 'everysource: connecting, open'],
      ['img', 'native EventSource: connecting, open'],
      [
        'img',
        expect.stringMatching(
          /^Events per second over the last 60 seconds\. Now: everysource \d+\.\d, native \d+\.\d\.$/,
        ),
      ],
    ])
  })

  it('A screen reader announces the states, but not the countdown', async () => {
    const { opened } = context
    await opened.expectEvent()
    await opened.page.evaluate(() => {
      const announced: string[] = []
      Object.assign(globalThis, { announced })
      new MutationObserver((records) => {
        for (const { target } of records) {
          const element = target instanceof Element ? target : target.parentElement
          if (element?.closest('[role=status], [role=alert], [aria-live], output'))
            announced.push(`${element.textContent}`)
        }
      }).observe(document.querySelector('.overview') as Element, {
        subtree: true,
        childList: true,
        characterData: true,
      })
    })
    await opened.press('503 for 6 s')
    await opened.expectState('everysource', 'waiting')
    await opened.expectState('everysource', 'open')
    const announced = await opened.page.evaluate(() => (globalThis as unknown as { announced: string[] }).announced)
    expect(announced).toContain('waiting')
    expect(announced).toContain('failed')
    expect(announced).not.toContainEqual(expect.stringMatching(/\d\.\d s/))
    const states = announced.filter((text) => ['waiting', 'connecting', 'open', 'failed'].includes(text))
    expect(states.length).toBeLessThan(20)
  })

  it('The playground works by keyboard alone', async () => {
    const { opened } = context
    await opened.expectEvent()
    await opened.page.focus('#faults [value=drop]')
    await opened.page.keyboard.press('Enter')
    await opened.expectRow('reason: network')
    await opened.page.focus('.scroll')
    expect(await opened.page.evaluate(() => document.activeElement?.className)).toBe('scroll')
  })

  it('The rows of the log are one tab stop, and the arrow keys move between them', async () => {
    const { opened } = context
    const { keyboard } = opened.page
    for (let event = 0; event < 3; event++) await opened.expectEvent()
    await opened.press('Pause')
    const ids = await opened.readAll('#log-rows tr:has(summary) td:nth-child(4)')
    expect(ids.length).toBeGreaterThan(2)
    const readFocused = (): Promise<string | undefined> =>
      opened.page.evaluate(() => {
        const row = document.activeElement?.closest('tr')
        return (row?.cells[3]?.textContent ?? document.activeElement?.id) || undefined
      })
    await opened.page.focus('.scroll')
    await keyboard.press('Tab')
    const first = await readFocused()
    expect(ids).toContain(first)
    await keyboard.press('End')
    expect(await readFocused()).toBe(ids.at(-1))
    await keyboard.press('ArrowUp')
    expect(await readFocused()).toBe(ids.at(-2))
    await keyboard.press('Home')
    await keyboard.press('ArrowDown')
    expect(await readFocused()).toBe(ids[1])
    await keyboard.press('Tab')
    expect(await readFocused()).toBe('open-tab')
    await keyboard.down('Shift')
    await keyboard.press('Tab')
    await keyboard.up('Shift')
    expect(await readFocused()).toBe(ids[1])
  })

  it('A focus in a row that disappears stays in the log', async () => {
    const { opened } = context
    await opened.expectEvent()
    await opened.page.focus('#log-rows summary')
    await opened.page.$eval('#log-filter', (filter) => {
      ;(filter as HTMLInputElement).value = 'nothing has this text'
      filter.dispatchEvent(new Event('input'))
    })
    expect(await opened.page.evaluate(() => document.activeElement?.className)).toBe('scroll')
  })

  it('The states in the lanes, the legend and the clients can be told apart with forced colors', async () => {
    const { opened } = context
    await opened.expectState('everysource', 'open')
    const session = await opened.page.createCDPSession()
    await session.send('Emulation.setEmulatedMedia', { features: [{ name: 'forced-colors', value: 'active' }] })
    const colors = await opened.page.evaluate(() => {
      const colorOf = (element: Element, pseudo?: string): string => getComputedStyle(element, pseudo).backgroundColor
      return {
        page: colorOf(document.body),
        lanes: [...document.querySelectorAll('.lane span')].map((segment) => colorOf(segment)),
        legend: [...document.querySelectorAll('.legend li')].map((item) => colorOf(item, '::before')),
        clients: [...document.querySelectorAll('.state [data-state]')].map((state) => colorOf(state, '::before')),
        isForced: matchMedia('(forced-colors: active)').matches,
      }
    })
    expect(colors.isForced).toBe(true)
    for (const color of [...colors.lanes, ...colors.legend, ...colors.clients]) expect(color).not.toBe(colors.page)
    expect(new Set(colors.legend).size).toBe(5)
    expect(new Set(colors.lanes.slice(0, 2)).size).toBe(2)
  })

  it('A narrow phone does not scroll sideways, and the dark scheme has another background', async () => {
    const { opened } = context
    await opened.expectEvent()
    await opened.page.click('#request-details summary')
    await opened.page.click('#code summary')
    const readBackground = (): Promise<string> =>
      opened.page.$eval('body', (body) => getComputedStyle(body).backgroundColor)
    await emulate(opened, 360, 'light')
    const { scrollWidth, clientWidth } = await opened.page.$eval('html', ({ scrollWidth, clientWidth }) => ({
      scrollWidth,
      clientWidth,
    }))
    expect(scrollWidth).toBeLessThanOrEqual(clientWidth)
    const light = await readBackground()
    await emulate(opened, 360, 'dark')
    expect(await readBackground()).not.toBe(light)
  })
})
