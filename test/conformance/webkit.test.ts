import { registerMissing } from './runners/register.ts'
import { registerBrowser } from './runners/register-browser.ts'
import { launchWebKit, webKitExecutables } from './runners/webkit-browser.ts'

const executables = webKitExecutables()
if (executables === undefined) {
  registerMissing(
    'webkit',
    'WEBKIT_DRIVER_PATH and WEBKIT_MINIBROWSER_PATH say where WebKitWebDriver and MiniBrowser are',
  )
} else {
  registerBrowser('webkit', ['page', 'dedicated-worker', 'shared-worker'], () => launchWebKit(executables))
}
