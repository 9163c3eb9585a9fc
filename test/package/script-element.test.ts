import { join } from 'node:path'
import { expect, inject, test } from 'vitest'
import { chromiumExecutable, launchChromium } from '../conformance/runners/puppeteer-browser.ts'
import { installed } from '../installed.ts'
import { startGreetingServer } from './greeting-server.ts'

test('A page loads the script in Chromium and receives an event', async ({ skip }) => {
  const executable = installed('Chromium', chromiumExecutable(), skip)
  await using server = await startGreetingServer({
    '/': join(import.meta.dirname, 'consumers/page.html'),
    '/everysource.global.js': join(inject('consumer'), 'node_modules/everysource/dist/everysource.global.js'),
  })
  const browser = await launchChromium(executable)
  try {
    const problem = new Promise((_, reject) => {
      const onProblem = (message: string): void => reject(new Error(message))
      browser.openPage(`${server.origin}/`, onProblem).catch(reject)
    })
    const received = await Promise.race([server.received, problem])
    expect(received).toEqual({ data: 'hello', lastEventId: '7', nativeIsLeftAlone: true })
  } finally {
    await browser.close()
  }
})
