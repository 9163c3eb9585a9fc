import { firefoxExecutable, launchFirefox } from './runners/puppeteer-browser.ts'
import { registerMissing } from './runners/register.ts'
import { registerBrowser } from './runners/register-browser.ts'

const executable = firefoxExecutable()
if (executable === undefined) registerMissing('firefox', 'FIREFOX_PATH says where it is')
else registerBrowser('firefox', ['page', 'dedicated-worker', 'shared-worker'], () => launchFirefox(executable))
