import type { ServerResponse } from 'node:http'
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import type { BrowserTab } from '../browser-tabs.ts'
import { bundlePage, htmlPage } from '../bundle-page.ts'
import { type HttpServer, startHttpServer } from '../http-server.ts'
import { describeInEveryBrowser, openTab } from './in-every-browser.ts'

let script: string
let page: HttpServer
let other: HttpServer
let otherRequests: number
/** A response that fails when the page says so. */
let pending: { promise: Promise<ServerResponse>; resolve(response: ServerResponse): void }
let tab: BrowserTab

beforeAll(async () => {
  script = await bundlePage(new URL('blocked.page.ts', import.meta.url))
})

beforeEach(async () => {
  otherRequests = 0
  let resolve: (response: ServerResponse) => void = () => {}
  const promise = new Promise<ServerResponse>((given) => {
    resolve = given
  })
  pending = { promise, resolve: (response) => resolve(response) }
  other = await startHttpServer((_, response) => {
    otherRequests++
    response.writeHead(200, { 'Content-Type': 'text/event-stream' }).end('data: a\n\n')
  })
  page = await startHttpServer(({ url }, response) => {
    if (url === '/page.js') return response.setHeader('Content-Type', 'text/javascript').end(script)
    if (url === '/closed') return response.destroy()
    if (url === '/pending') return pending.resolve(response)
    if (url === '/arrived') return void pending.promise.then(() => response.end())
    if (url === '/fail') {
      // Chromium may send the request again on its own.
      void pending.promise.then((request) => request.destroy())
      pending.resolve = (again) => again.destroy()
      return response.end()
    }
    if (url === '/policy-of-paths') {
      const allowed = ['/pending', '/arrived', '/fail'].map((path) => `${page.origin}${path}`)
      response.setHeader('Content-Security-Policy', `connect-src ${allowed.join(' ')}`)
    }
    if (url === '/policy') response.setHeader('Content-Security-Policy', "connect-src 'self'")
    return response.setHeader('Content-Type', 'text/html').end(htmlPage('page.js'))
  })
})

afterEach(async () => {
  await page.close()
  await other.close()
})

async function firstError(path: string, url: string, init = '{}'): Promise<unknown> {
  tab = await openTab(`${page.origin}${path}`)
  return tab.evaluate(`firstError('${url}', ${init})`)
}

describeInEveryBrowser('An error says why a page may not request a URL', (name) => {
  it(`A URL that the Content-Security-Policy does not allow is unsupported in ${name}`, async () => {
    expect(await firstError('/policy', other.origin)).toMatchObject({
      reason: 'unsupported',
      message: expect.stringContaining('Content-Security-Policy'),
      willReconnect: false,
    })
    expect(otherRequests).toBe(0)
  })

  it(`A request of another script that the Content-Security-Policy blocks does not end a source in ${name}`, async () => {
    tab = await openTab(`${page.origin}/policy`)
    expect(await tab.evaluate(`firstErrorAfterViolation('/pending', '${other.origin}')`)).toMatchObject({
      reason: 'network',
      willReconnect: true,
    })
  })

  it(`A blocked request to the same origin with a shorter path does not end a source in ${name}`, async () => {
    tab = await openTab(`${page.origin}/policy-of-paths`)
    expect(await tab.evaluate(`firstErrorAfterViolation('/pending', '/')`)).toMatchObject({
      reason: 'network',
      willReconnect: true,
    })
  })

  it(`A URL with a fragment and credentials that the policy does not allow is unsupported in ${name}`, async () => {
    const url = `${other.origin.replace('//', '//user:password@')}/feed?a=b c#fragment`
    expect(await firstError('/policy', url)).toMatchObject({ reason: 'unsupported', willReconnect: false })
    expect(otherRequests).toBe(0)
  })

  it(`A server that does not allow the origin is a network error whose message names CORS in ${name}`, async () => {
    const init = `{ headers: { Authorization: 'Bearer secret' }, lastEventId: '7' }`
    const error = (await firstError('/', other.origin, init)) as { message: string }
    expect(error).toMatchObject({ reason: 'network', willReconnect: true })
    expect(error.message).toMatch(
      /does not allow this origin: Access-Control-Allow-Origin, and Access-Control-Allow-Headers for Authorization, Last-Event-ID/,
    )
    expect(error.message).not.toContain('secret')
  })

  it(`The error of a loss within the page's own origin does not mention CORS in ${name}`, async () => {
    const error = (await firstError('/', '/closed')) as { message: string }
    expect(error).toMatchObject({ reason: 'network', message: expect.not.stringContaining('Allow') })
  })
})
