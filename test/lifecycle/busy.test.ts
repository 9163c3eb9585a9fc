import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { HttpServer } from '../http-server.ts'
import { startPageServer } from '../page-server.ts'
import { describeInEveryBrowser, openTab } from './in-every-browser.ts'

let server: HttpServer
let timer: NodeJS.Timeout
const responses = new Set<ServerResponse>()

beforeEach(async () => {
  server = await startPageServer(new URL('busy.page.ts', import.meta.url), (_, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders()
    responses.add(response)
  })
  timer = setInterval(() => {
    for (const response of responses) response.write('data: a\n\n')
  }, 100)
})

afterEach(() => {
  clearInterval(timer)
  responses.clear()
  return server.close()
})

describeInEveryBrowser('idleTimeout measures the silence of the server', (name) => {
  it(`A page that is busy for longer than idleTimeout receives what was sent meanwhile in ${name}`, async () => {
    const tab = await openTab(`${server.origin}/page.html`)
    const received = async (): Promise<number> => Number(await tab.evaluate('busy.received()'))
    for (let times = 0; times < 3; times++) {
      const before = await received()
      await tab.evaluate('busy.work()')
      await expect.poll(received).toBeGreaterThan(before + 30)
    }
    expect(await tab.evaluate('busy.errors.join()')).toBe('')
  })
})
