import {
  chromiumExecutable,
  firefoxExecutable,
  launchChromium,
  launchFirefox,
} from './conformance/runners/puppeteer-browser.ts'
import type { Browser } from './conformance/runners/run-browser.ts'
import { launchWebKit, webKitExecutables } from './conformance/runners/webkit-browser.ts'

export const browserNames = ['chromium', 'firefox', 'webkit'] as const

export type BrowserName = (typeof browserNames)[number]

/** Functions that launch each browser; undefined where the browser is not installed. */
export const launchers: Readonly<Record<BrowserName, (() => Promise<Browser>) | undefined>> = {
  chromium: launcher(chromiumExecutable(), launchChromium),
  firefox: launcher(firefoxExecutable(), launchFirefox),
  webkit: launcher(webKitExecutables(), launchWebKit),
}

function launcher<Executable>(
  executable: Executable | undefined,
  launch: (executable: Executable) => Promise<Browser>,
): (() => Promise<Browser>) | undefined {
  return executable === undefined ? undefined : () => launch(executable)
}
