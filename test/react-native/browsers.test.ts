import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { describe } from 'vitest'
import {
  chromiumExecutable,
  firefoxExecutable,
  launchChromium,
  launchFirefox,
} from '../conformance/runners/puppeteer-browser.ts'
import { registerMissing } from '../conformance/runners/register.ts'
import { registerBrowser } from '../conformance/runners/register-browser.ts'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

const alias = { '#platform': here('browser/platform.ts'), '#transport': here('browser/transport.ts') }

const browsers = [
  ['chromium', chromiumExecutable(), launchChromium],
  ['firefox', firefoxExecutable(), launchFirefox],
] as const

// Both take a minute, which is too long for every run on a developer's machine.
describe.skipIf(!process.env['CI'])('The suite passes in browsers, as CI runs it', () => {
  for (const [name, executable, launch] of browsers) {
    const runtime = `${name} over XMLHttpRequest` as const
    if (executable === undefined) registerMissing(runtime, `${name} is not installed`)
    else registerBrowser(runtime, ['page'], () => launch(executable), alias)
  }
})
