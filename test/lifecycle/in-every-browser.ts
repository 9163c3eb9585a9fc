import { afterAll, afterEach, beforeAll } from 'vitest'
import { type BrowserTab, type TabBrowser, tabBrowsers } from '../browser-tabs.ts'
import { type BrowserName, browserNames } from '../browsers.ts'
import { maxStartTime } from '../conformance/runners/puppeteer-browser.ts'
import { describeWith } from '../installed.ts'

let browser: TabBrowser
let tabs: BrowserTab[] = []

/** Opens a tab in the browser of the current test, after which it is closed. */
export async function openTab(url: string): Promise<BrowserTab> {
  const tab = await browser.openTab(url)
  tabs.push(tab)
  return tab
}

/**
 * Describes tests that run in every browser.
 * @param sentence what they have in common, to which the name of the browser is added
 */
export function describeInEveryBrowser(sentence: string, tests: (name: BrowserName) => void): void {
  for (const name of browserNames) {
    describeWith(name, tabBrowsers[name], `${sentence} in ${name}`, {}, (start) => {
      beforeAll(async () => {
        browser = await start()
      }, maxStartTime)

      // Before the server of a test is closed, which the file does after this.
      afterEach(async () => {
        await Promise.all(tabs.map((tab) => tab.close()))
        tabs = []
      })

      afterAll(() => browser.close())

      tests(name)
    })
  }
}
