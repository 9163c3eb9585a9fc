import type { IncomingHttpHeaders } from 'node:http'
import { afterEach, expect, test } from 'vitest'
import { recordWithRedirects } from '../../../src/cli/doctor/redirects.ts'
import { Connections } from '../../../src/node/connections.ts'
import { type HttpServer, startHttpServer } from '../../http-server.ts'

const started: HttpServer[] = []
const dispatcher = new Connections()
afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.close()))
})

/** Starts three servers, of which each redirects to the next. Returns the requests that they received. */
async function startChain(status: number): Promise<{ readonly url: URL; readonly received: IncomingHttpHeaders[] }> {
  const received: IncomingHttpHeaders[] = []
  let next: string | undefined
  for (let index = 2; index >= 0; index--) {
    const location = next
    const server = await startHttpServer((request, response) => {
      received[index] = { ...request.headers, method: request.method }
      if (location === undefined) response.writeHead(200, { 'content-type': 'text/event-stream' })
      else response.writeHead(status, { location })
      response.end()
    })
    started.push(server)
    next = server.origin
  }
  return { url: new URL(next ?? ''), received }
}

test('Redirects to other origins drop credentials and make the origin opaque', async () => {
  const { url, received } = await startChain(307)
  const headers = new Headers({
    accept: 'text/event-stream',
    'accept-encoding': 'gzip',
    authorization: 'Bearer secret',
    'last-event-id': '7',
    origin: 'https://app.example',
  })
  const { redirects, request } = await recordWithRedirects(
    { url, method: 'GET', headers, body: null },
    { dispatcher, time: 30_000 },
  )
  expect(redirects.map(({ status, to }) => [status, to?.href])).toEqual([
    [307, expect.stringMatching(/^http:/)],
    [307, request.url.href],
  ])
  const kept = { accept: 'text/event-stream', 'accept-encoding': 'gzip', 'last-event-id': '7' }
  // As in browsers, a redirect from one foreign origin to another makes the origin opaque.
  expect(received).toEqual([
    expect.objectContaining({ ...kept, authorization: 'Bearer secret', origin: 'https://app.example' }),
    expect.objectContaining({ ...kept, origin: 'null' }),
    expect.objectContaining({ ...kept, origin: 'null' }),
  ])
  expect(received.slice(1).filter(({ authorization }) => authorization !== undefined)).toEqual([])
})

test('A 303 turns a POST into a GET', async () => {
  const { url, received } = await startChain(303)
  const headers = new Headers({ 'content-type': 'application/json' })
  await recordWithRedirects({ url, method: 'POST', headers, body: Buffer.from('{}') }, { dispatcher, time: 30_000 })
  expect(received.map(({ method, 'content-type': type }) => [method, type])).toEqual([
    ['POST', 'application/json'],
    ['GET', undefined],
    ['GET', undefined],
  ])
})
