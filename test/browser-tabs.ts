import type { Browser } from 'puppeteer-core'
import type { BrowserName } from './browsers.ts'
import {
  chromiumExecutable,
  firefoxExecutable,
  maxStartTime,
  startChromium,
  startFirefox,
} from './conformance/runners/puppeteer-browser.ts'
import { launchWebKit, webKitExecutables } from './conformance/runners/webkit-browser.ts'

/** A tab, whichever browser it is in. */
export interface BrowserTab {
  /** Evaluates an expression in the tab, and returns its awaited value. */
  evaluate(expression: string): Promise<unknown>
  close(): Promise<void>
}

export interface TabBrowser {
  /** @param onProblem called with exceptions that the page does not catch; WebKit does not report them */
  openTab(url: string, onProblem?: (problem: string) => void): Promise<BrowserTab>
  close(): Promise<void>
}

/** Functions that start each browser; undefined where it is not installed. */
export const tabBrowsers: Readonly<Record<BrowserName, (() => Promise<TabBrowser>) | undefined>> = {
  // Puppeteer disables the back/forward cache by default.
  chromium: starter(chromiumExecutable(), async (executable) =>
    overPuppeteer(await startChromium(executable, { ignoreDefaultArgs: ['--disable-back-forward-cache'] })),
  ),
  firefox: starter(firefoxExecutable(), async (executable) => overPuppeteer(await startFirefox(executable))),
  webkit: starter(webKitExecutables(), async (executables) => {
    const browser = await launchWebKit(executables)
    return {
      async openTab(url) {
        const tab = await browser.openTab(url)
        return { evaluate: (expression) => tab.execute(`return (${expression})`), close: () => tab.close() }
      },
      close: () => browser.close(),
    }
  }),
}

function starter<Executable>(
  executable: Executable | undefined,
  start: (executable: Executable) => Promise<TabBrowser>,
): (() => Promise<TabBrowser>) | undefined {
  return executable === undefined ? undefined : () => start(executable)
}

function overPuppeteer(browser: Browser): TabBrowser {
  return {
    async openTab(url, onProblem) {
      const page = await browser.newPage()
      page.setDefaultTimeout(maxStartTime)
      page.on('pageerror', (error) => onProblem?.(String(error)))
      await page.goto(url)
      return { evaluate: (expression) => page.evaluate(expression), close: () => page.close() }
    },
    close: () => browser.close(),
  }
}
