import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { BrowserTab } from '../browser-tabs.ts'
import { htmlPage } from '../bundle-page.ts'
import { Condition } from '../condition.ts'
import type { HttpServer } from '../http-server.ts'
import { startPageServer } from '../page-server.ts'
import { describeInEveryBrowser, openTab } from './in-every-browser.ts'

/** What old libraries add to Object.prototype, and what a source would misunderstand. */
const pollution = `
  for (const name of ['get', 'error', 'open', 'request', 'fetch', 'body', 'signal', 'retry']) {
    Object.prototype[name] = function () { throw new Error(name) }
  }
  Object.prototype.message = 'm'
  Object.prototype.method = 'DELETE'`

let server: HttpServer
let tab: BrowserTab
let connections: Set<ServerResponse>
let requests: number
const changed = new Condition()

beforeEach(async () => {
  connections = new Set()
  requests = 0
  server = await startPageServer(new URL('document.page.ts', import.meta.url), ({ url, method }, response) => {
    if (url === '/polluted.html') {
      const script = `<script>${pollution}</script><script src="page.js">`
      response.setHeader('Content-Type', 'text/html').end(htmlPage('page.js').replace(/<script .*?>/, script))
      return
    }
    requests++
    connections.add(response)
    response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(`retry: 20\ndata: ${method}\n\n`)
    response.on('close', () => {
      connections.delete(response)
      changed.signal()
    })
  })
})

afterEach(() => server.close())

describeInEveryBrowser('A source depends on its document', (name) => {
  beforeEach(async () => {
    tab = await openTab(`${server.origin}/page.html`)
  })

  // Firefox does not tell a document whose frame shows another page from one that is shown.
  it.for(['remove', 'adopt', ...(name === 'firefox' ? [] : ['navigate'])])(
    `A source whose document is gone (%s) is closed without an error in ${name}`,
    async (way) => {
      expect(await tab.evaluate(`stateAfter('${way}')`)).toEqual({ readyState: 2, log: ['GET'] })
      await changed.until(() => connections.size === 0)
      expect(requests).toBe(1)
    },
  )

  it(`A source works where scripts have added members to Object.prototype in ${name}`, async () => {
    expect(await tab.evaluate('openWithPollution()')).toEqual(['GET'])
  })

  it.for(['baseURI', 'hidden'])(
    `A URL is resolved against the document's base URL while a form has the name %s in ${name}`,
    async (form) => {
      expect(await tab.evaluate(`urlWithElementNamed('${form}')`)).toBe(`${server.origin}/feed`)
    },
  )
})
