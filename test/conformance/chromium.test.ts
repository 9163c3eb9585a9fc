import { chromiumExecutable, launchChromium } from './runners/puppeteer-browser.ts'
import { registerMissing } from './runners/register.ts'
import { registerBrowser } from './runners/register-browser.ts'

const executable = chromiumExecutable()
if (executable === undefined) registerMissing('chromium', 'CHROMIUM_PATH says where it is')
else {
  registerBrowser('chromium', ['page', 'dedicated-worker', 'shared-worker', 'service-worker'], () =>
    launchChromium(executable),
  )
}
