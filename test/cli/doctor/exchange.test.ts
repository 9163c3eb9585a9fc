import type { IncomingHttpHeaders } from 'node:http'
import { Agent } from 'undici'
import { afterEach, expect, test } from 'vitest'
import { exchange } from '../../../src/cli/doctor/exchange.ts'
import { type HttpServer, startHttpServer } from '../../http-server.ts'

const started: HttpServer[] = []
const dispatcher = new Agent()
afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.close()))
})

/** A chain of servers, each of which redirects to the next; the last one answers. Returns what each of them was asked. */
async function startChain(status: number): Promise<{ readonly url: URL; readonly seen: IncomingHttpHeaders[] }> {
  const seen: IncomingHttpHeaders[] = []
  let next: string | undefined
  for (let place = 2; place >= 0; place--) {
    const location = next
    const server = await startHttpServer((request, response) => {
      seen[place] = { ...request.headers, method: request.method }
      if (location === undefined) response.writeHead(200, { 'content-type': 'text/event-stream' })
      else response.writeHead(status, { location })
      response.end()
    })
    started.push(server)
    next = server.origin
  }
  return { url: new URL(next ?? ''), seen }
}

test('redirects from one origin to another and to yet another', async () => {
  const { url, seen } = await startChain(307)
  const headers = new Headers({
    accept: 'text/event-stream',
    'accept-encoding': 'gzip',
    authorization: 'Bearer secret',
    'last-event-id': '7',
    origin: 'https://app.example',
  })
  const { redirects, request } = await exchange(
    { url, method: 'GET', headers, body: null },
    { dispatcher, time: 30_000 },
  )
  expect(redirects.map(({ status, to }) => [status, to?.href])).toEqual([
    [307, expect.stringMatching(/^http:/)],
    [307, request.url.href],
  ])
  const kept = { accept: 'text/event-stream', 'accept-encoding': 'gzip', 'last-event-id': '7' }
  // As in browsers: who comes from elsewhere, and is sent elsewhere, does not say any more where that was.
  expect(seen).toEqual([
    expect.objectContaining({ ...kept, authorization: 'Bearer secret', origin: 'https://app.example' }),
    expect.objectContaining({ ...kept, origin: 'null' }),
    expect.objectContaining({ ...kept, origin: 'null' }),
  ])
  expect(seen.slice(1).filter(({ authorization }) => authorization !== undefined)).toEqual([])
})

test('a redirect that makes a GET of a POST', async () => {
  const { url, seen } = await startChain(303)
  const headers = new Headers({ 'content-type': 'application/json' })
  await exchange({ url, method: 'POST', headers, body: Buffer.from('{}') }, { dispatcher, time: 30_000 })
  expect(seen.map(({ method, 'content-type': type }) => [method, type])).toEqual([
    ['POST', 'application/json'],
    ['GET', undefined],
    ['GET', undefined],
  ])
})
