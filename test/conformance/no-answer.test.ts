import { expect, it } from 'vitest'
import { startFeedServer } from '../../fixtures/feed-server.ts'
import { noAnswer, stream } from './answers.ts'
import { chromiumExecutable, startChromium } from './runners/puppeteer-browser.ts'

const chromium = chromiumExecutable()

it.runIf(chromium)('Chromium does not retry a request by itself that gets no answer', async () => {
  const type = 'text/html'
  const server = await startFeedServer({
    files: new Map([['page', { type, body: '<link rel="icon" href="data:,">' }]]),
  })
  const browser = await startChromium(chromium ?? '')
  try {
    const plan = JSON.stringify({ answers: [noAnswer, stream('data: a\n\n')] })
    await fetch(`${server.origin}/plan?key=a`, { method: 'POST', body: plan })
    const page = await browser.newPage()
    await page.goto(`${server.origin}/suite/page`)
    const outcome = await page.evaluate(async () => {
      // The request must use a connection that has not been used before; no event tells when that is ready.
      const link = Object.assign(document.createElement('link'), { rel: 'preconnect', href: location.origin })
      document.head.append(link)
      await new Promise((resolve) => setTimeout(resolve, 500))
      return fetch('/feed?key=a').then(
        ({ status }) => status,
        ({ name }) => name,
      )
    })
    expect(outcome).toBe('TypeError')
    const requests = await fetch(`${server.origin}/requests?key=a`)
    expect(await requests.json()).toHaveLength(1)
  } finally {
    await browser.close()
    await server.close()
  }
})
