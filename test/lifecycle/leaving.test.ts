import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { BrowserTab } from '../browser-tabs.ts'
import { htmlPage } from '../bundle-page.ts'
import { Condition } from '../condition.ts'
import type { HttpServer } from '../http-server.ts'
import { startPageServer } from '../page-server.ts'
import { describeInEveryBrowser, openTab } from './in-every-browser.ts'

let server: HttpServer
let tab: BrowserTab
let connections: Set<ServerResponse>
let number: number
const changed = new Condition()

function send(): void {
  number++
  for (const response of connections) response.write(`id: ${number}\ndata: ${number}\n\n`)
}

beforeEach(async () => {
  connections = new Set()
  number = 0
  server = await startPageServer(new URL('leaving.page.ts', import.meta.url), ({ url, headers }, response) => {
    if (url === '/events') {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' })
      response.write('retry: 20\n\n')
      for (let missed = Number(headers['last-event-id'] ?? number) + 1; missed <= number; missed++) {
        response.write(`id: ${missed}\ndata: ${missed}\n\n`)
      }
      connections.add(response)
      response.on('close', () => {
        connections.delete(response)
        changed.signal()
      })
      changed.signal()
    } else if (url === '/nothing') response.writeHead(204).end()
    else if (url === '/file')
      response.writeHead(200, { 'Content-Disposition': 'attachment; filename=file.txt' }).end('x')
    else response.setHeader('Content-Type', 'text/html').end(htmlPage())
  })
})

afterEach(() => server.close())

async function open(): Promise<void> {
  tab = await openTab(`${server.origin}/page.html`)
  await changed.until(() => connections.size === 1)
  await receiveNext()
}

/** Sends an event, and waits until the page has received it. */
async function receiveNext(): Promise<void> {
  send()
  await expect.poll(() => tab.evaluate('leaving.received.at(-1)')).toBe(String(number))
}

const errors = (): Promise<unknown> => tab.evaluate(`(localStorage.getItem('errors') ?? '').trim()`)

describeInEveryBrowser('Leaving a page is not reported', (name) => {
  it(`A link to another page dispatches no error in ${name}`, async () => {
    await open()
    await tab.evaluate(`void (location.href = '/other')`)
    await changed.until(() => connections.size === 0)
    await expect.poll(() => tab.evaluate('location.pathname').catch(() => '')).toBe('/other')
    expect(await errors()).toBe('')
  })

  it(`A reload dispatches no error in ${name}`, async () => {
    await open()
    const [before] = connections
    await tab.evaluate('void location.reload()')
    await changed.until(() => connections.size === 1 && !connections.has(before as ServerResponse))
    await expect.poll(() => tab.evaluate('leaving.received.length').catch(() => -1)).toBe(0)
    await receiveNext()
    expect(await errors()).toBe('')
  })

  it.for(['/nothing', '/file'])(
    `A navigation to %s leaves the page where it is, and nothing is lost in ${name}`,
    async (path) => {
      await open()
      await tab.evaluate(`void (location.href = '${path}')`)
      await receiveNext()
      await receiveNext()
      expect(await errors()).toBe('')
      expect(await tab.evaluate('leaving.received')).toEqual(Array.from({ length: number }, (_, i) => String(i + 1)))
    },
  )

  it(`A real loss is reported again a moment after a navigation to a file in ${name}`, async () => {
    await open()
    await tab.evaluate(`void (location.href = '/file')`)
    // No event says that the second is over in which a loss may be the navigation's: the passing of time is tested.
    await tab.evaluate('new Promise((resolve) => setTimeout(resolve, 2_000))')
    await receiveNext()
    for (const response of connections) response.destroy()
    await expect.poll(errors).toMatch(/^(network|ended)$/)
    await receiveNext()
  })

  it(`A real loss is still reported in ${name}`, async () => {
    await open()
    for (const response of connections) response.destroy()
    await expect.poll(errors).toMatch(/^(network|ended)$/)
    await receiveNext()
  })
})
