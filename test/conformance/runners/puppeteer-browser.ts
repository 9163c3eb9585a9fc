import { existsSync } from 'node:fs'
import process from 'node:process'
import puppeteer, { type LaunchOptions, type Browser as PuppeteerBrowser } from 'puppeteer-core'
import { thrownOnPurpose } from '../case.ts'
import type { Browser } from './run-browser.ts'

const chromiumArguments = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** The maximum time in ms for a browser to start or to load a page on a busy machine. */
export const maxStartTime = 120_000

/** Returns the path of Chromium: CHROMIUM_PATH, or one of its default locations. */
export function chromiumExecutable(): string | undefined {
  const { CHROMIUM_PATH } = process.env
  return firstExisting(CHROMIUM_PATH, [
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  ])
}

/** Returns the path of Firefox: FIREFOX_PATH, or one of its default locations. */
export function firefoxExecutable(): string | undefined {
  const { FIREFOX_PATH } = process.env
  return firstExisting(FIREFOX_PATH, [
    '/usr/bin/firefox',
    '/usr/bin/firefox-esr',
    '/Applications/Firefox.app/Contents/MacOS/firefox',
  ])
}

/** Starts Chromium with a fresh profile, which puppeteer removes at the end. */
export function startChromium(executablePath: string, options: LaunchOptions = {}): Promise<PuppeteerBrowser> {
  // Chromium's sandbox does not start for root, who is the user in most containers.
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  const args = [...chromiumArguments, ...sandbox, ...(options.args ?? [])]
  return start('chrome', executablePath, { ...options, args })
}

/** Starts Firefox with a fresh profile, which puppeteer removes at the end. */
export function startFirefox(executablePath: string, options: LaunchOptions = {}): Promise<PuppeteerBrowser> {
  // Only one tab can be in front, and the timers of the others must not be throttled.
  const extraPrefsFirefox = {
    'dom.min_background_timeout_value': 4,
    'dom.min_background_timeout_value_without_budget_throttling': 4,
    'dom.timeout.enable_budget_timer_throttling': false,
  }
  return start('firefox', executablePath, { extraPrefsFirefox, ...options })
}

function start(
  browser: 'chrome' | 'firefox',
  executablePath: string,
  options: LaunchOptions,
): Promise<PuppeteerBrowser> {
  return puppeteer.launch({ browser, executablePath, timeout: maxStartTime, ...options })
}

/** @param isObserved whether puppeteer receives all network events, like developer tools do */
export async function launchChromium(executablePath: string, isObserved = false): Promise<Browser> {
  return asBrowser(await startChromium(executablePath, { networkEnabled: isObserved, issuesEnabled: false }))
}

export async function launchFirefox(executablePath: string): Promise<Browser> {
  return asBrowser(await startFirefox(executablePath, { networkEnabled: false, issuesEnabled: false }))
}

function asBrowser(browser: PuppeteerBrowser): Browser {
  return {
    async openPage(url, onProblem) {
      const page = await browser.newPage()
      page.on('pageerror', (error) => {
        const message = error instanceof Error ? error.message : String(error)
        if (!isNoPageError(message)) onProblem(`page error: ${message}`)
      })
      page.on('error', (error) => onProblem(`the page crashed: ${error.message}`))
      await page.goto(url, { timeout: maxStartTime })
    },
    close: () => browser.close(),
  }
}

/** Firefox logs CORS errors as script errors, although the script receives its own error. */
function isNoPageError(message: string): boolean {
  return message.includes(thrownOnPurpose) || message.startsWith('Cross-Origin Request Blocked')
}

export function firstExisting(chosen: string | undefined, defaults: readonly string[]): string | undefined {
  return chosen ?? defaults.find((path) => existsSync(path))
}
