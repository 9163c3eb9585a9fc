import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { certificate, key } from '../../fixtures/certificate.ts'
import { numberedFeed } from '../../fixtures/numbered-feed.ts'
import { type EventStreamInit, openEventStream } from '../../src/index.ts'
import { describeWith } from '../installed.ts'
import { nginx as executable, type Nginx, startNginx } from './start-nginx.ts'
import { retry, Upstream } from './upstream.ts'

let directory: string
let upstream: Upstream
let proxy: Nginx | undefined
/** How many requests each path has had, with its query. */
const requests = new Map<string, number>()
/** The HTTP versions of the requests that nginx has received. */
const protocols = new Set<unknown>()

const feed = numberedFeed({ reconnectionTime: 20, pace: 5 })

/** Answers a POST with 60 tokens, and any other request with numbered events. */
const answer: RequestListener = async (request, response) => {
  const url = request.url ?? ''
  protocols.add(request.headers['x-protocol'])
  requests.set(url, (requests.get(url) ?? 0) + 1)
  if (request.method !== 'POST') return feed(request, response)
  response.writeHead(200, { 'Content-Type': 'text/event-stream' })
  for (let number = 1; number <= 60 && !response.destroyed; number++) {
    response.write(`data: token ${number}\n\n`)
    await pause(20)
  }
  response.end()
}

beforeEach(async () => {
  requests.clear()
  protocols.clear()
  // Only a test may trust the certificate: its key is public.
  vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
  directory = await mkdtemp(join(tmpdir(), 'everysource-certificate-'))
  upstream = new Upstream()
  await upstream.start(answer)
})

afterEach(async () => {
  if (proxy) expect([...protocols]).toEqual(['HTTP/2.0'])
  vi.unstubAllEnvs()
  await proxy?.close()
  proxy = undefined
  await upstream.stop()
  await rm(directory, { recursive: true, force: true })
})

async function start(...directives: string[]): Promise<Nginx> {
  const paths = { certificate: join(directory, 'certificate.pem'), key: join(directory, 'key.pem') }
  await writeFile(paths.certificate, certificate)
  await writeFile(paths.key, key)
  const location = upstream.location('proxy_buffering off;', 'proxy_set_header X-Protocol $server_protocol;')
  proxy = await startNginx(`${directives.join(' ')} ${location}`, {
    certificate: paths,
    isReloadable: true,
    shutdownTimeout: '60s',
  })
  return proxy
}

interface Received {
  readonly data: string[]
  readonly interruptions: string[]
}

/** Receives events until there are so many, or the stream ends. */
async function receive(
  path: string,
  maxEvents: number,
  init: Pick<EventStreamInit, 'method' | 'body'> = {},
): Promise<Received> {
  const received: Received = { data: [], interruptions: [] }
  const stream = openEventStream(`${proxy?.origin}${path}`, {
    retry,
    ...init,
    onInterruption: ({ message }) => void received.interruptions.push(message),
  })
  for await (const { data, lastEventId } of stream) {
    received.data.push(lastEventId || data)
    if (received.data.length === maxEvents) break
  }
  return received
}

const numbers = (count: number): string[] => Array.from({ length: count }, (_, index) => `${index + 1}`)

describeWith('nginx', executable, 'Every event comes once and in order over HTTP/2 through nginx', {}, () => {
  it('The response to a POST arrives completely after one request, although nginx is reloaded meanwhile', async () => {
    const { reload } = await start()
    const receiving = Array.from({ length: 5 }, (_, index) =>
      receive(`/answer?${index}`, Number.POSITIVE_INFINITY, { method: 'POST', body: 'a question' }),
    )
    for (let times = 0; times < 3; times++) {
      await pause(200)
      reload()
    }
    const tokens = numbers(60).map((number) => `token ${number}`)
    for (const { data, interruptions } of await Promise.all(receiving)) {
      expect(data).toEqual(tokens)
      expect(interruptions).toEqual([])
    }
    expect([...requests.values()]).toEqual([1, 1, 1, 1, 1])
  })

  it('Streams continue over a connection that has carried its maximum number of requests', async () => {
    await start('keepalive_requests 10;')
    const received = await Promise.all(Array.from({ length: 35 }, () => receive('/events', 50)))
    for (const { data, interruptions } of received) {
      expect(data).toEqual(numbers(50))
      expect(interruptions).toEqual([])
    }
    expect(requests.get('/events')).toBe(35)
  })

  it('As many connections are opened as streams, where a connection takes one', async () => {
    await start('http2_max_concurrent_streams 1;')
    const received = await Promise.all(Array.from({ length: 30 }, () => receive('/events', 50)))
    for (const { data, interruptions } of received) {
      expect(data).toEqual(numbers(50))
      expect(interruptions).toEqual([])
    }
  })

  it('Every event comes once and in order while nginx is reloaded and the server behind it restarts', async () => {
    const { reload } = await start()
    const receiving = Promise.all(Array.from({ length: 20 }, () => receive('/events', 300)))
    for (let times = 0; times < 3; times++) {
      await pause(200)
      reload()
      await pause(100)
      await upstream.restart()
    }
    for (const { data } of await receiving) expect(data).toEqual(numbers(300))
  })
})
