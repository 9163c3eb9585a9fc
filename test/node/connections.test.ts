import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import { constants, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { certificate } from '../../fixtures/certificate.ts'
import { EventSource } from '../../src/event-source.ts'
import { Connections } from '../../src/node/connections.ts'
import type { TransportRequest } from '../../src/transport/transport.ts'
import { startHttpServer } from '../http-server.ts'
import { createRequest, record } from '../transport/record.ts'
import { overNode } from '../transport/transports.ts'
import { type Http2Options, type Http2Server, startHttp2Server } from './http2-server.ts'
import { stalls } from './stalls.ts'

type Listener = (request: Http2ServerRequest, response: Http2ServerResponse) => void

const closers: (() => unknown)[] = []
let connections: Connections

beforeEach(() => {
  connections = new Connections({ tls: { ca: certificate } })
})

afterEach(async () => {
  vi.unstubAllEnvs()
  await Promise.all(closers.splice(0).map((close) => close()))
})

async function startHttp(listener: RequestListener, onConnection?: (socket: Socket) => unknown): Promise<string> {
  const { origin, close } = await startHttpServer((request, response) => {
    if (!seen.has(request.socket)) onConnection?.(request.socket)
    seen.add(request.socket)
    listener(request, response)
  })
  const seen = new WeakSet<Socket>()
  closers.push(close)
  return origin
}

async function serve(listener: Listener, options?: Http2Options): Promise<Http2Server> {
  const server = await startHttp2Server(listener, options)
  closers.push(server.close)
  return server
}

/** Answers with a stream that stays open. */
const open: Listener = (_, response) => {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' })
  response.write('retry: 1\n\ndata: open\n\n')
}

interface Sent {
  /** Resolves with the first chunk, or rejects. */
  readonly begun: Promise<void>
  /** Rejects unless the body ends. */
  readonly done: Promise<void>
  readonly chunks: readonly string[]
  abort(): void
}

/** @param dispatcher null for the default */
function send(url: string, given: Partial<TransportRequest> = {}, dispatcher: Connections | null = connections): Sent {
  const controller = new AbortController()
  const chunks: string[] = []
  let begin = (): void => {}
  const chunk = new Promise<void>((resolve) => {
    begin = resolve
  })
  const done = overNode(dispatcher ?? undefined).send(createRequest(url, { signal: controller.signal, ...given }), {
    response() {},
    bytes(bytes) {
      chunks.push(`${Buffer.from(bytes)}`)
      begin()
      return undefined
    },
    refuse() {},
  })
  const begun = Promise.race([chunk, done])
  // Rejections are handled by whoever awaits these promises.
  for (const promise of [begun, done]) promise.catch(() => {})
  return { begun, done, chunks, abort: () => controller.abort() }
}

const sendMany = (count: number, url: string): Sent[] => Array.from({ length: count }, () => send(url))

const begin = (sent: readonly Sent[]): Promise<unknown> => Promise.all(sent.map(({ begun }) => begun))

/** Waits until all have ended, and returns the messages of their errors. */
async function errorsOf(sent: readonly Sent[]): Promise<string[]> {
  const settled = await Promise.allSettled(sent.map(({ done }) => done))
  return settled.flatMap((outcome) => (outcome.status === 'rejected' ? [(outcome.reason as Error).message] : []))
}

describe('Streams share connections over HTTP/2', () => {
  it('1,000 streams that begin at once use at most 10 connections', async () => {
    const server = await serve(open)
    await begin(sendMany(1_000, server.origin))
    expect(server.connectionCount).toBe(4)
  })

  it('Streams that begin one after the other share a connection', async () => {
    const server = await serve(open)
    for (let number = 0; number < 5; number++) await send(server.origin).begun
    expect(server.connectionCount).toBe(1)
  })

  it('A server that allows 10 streams on a connection gets as many connections as needed', async () => {
    const closed: Promise<unknown>[] = []
    const server = await serve(
      (request, response) => {
        closed.push(once(response, 'close'))
        open(request, response)
      },
      { settings: { maxConcurrentStreams: 10 } },
    )
    const first = sendMany(35, server.origin)
    await begin(first)
    expect(server.connectionCount).toBe(4)
    // Streams that have ended make room for new ones.
    for (const { abort } of first.slice(0, 10)) abort()
    await Promise.all(closed.slice(0, 10))
    await begin(sendMany(15, server.origin))
    expect(server.connectionCount).toBe(4)
    await send(server.origin).begun
    expect(server.connectionCount).toBe(5)
  })

  const { NGHTTP2_INTERNAL_ERROR } = constants
  const endings: readonly (readonly [string, (server: Http2Server) => unknown])[] = [
    [
      'goes away with an error',
      ({ sessions }) => [...sessions].map((session) => session.goaway(NGHTTP2_INTERNAL_ERROR)),
    ],
    ['ends its sessions', ({ sessions }) => [...sessions].map((session) => session.destroy())],
    ['closes its connections', ({ connections }) => [...connections].map((socket) => socket.destroy())],
    ['resets its connections', ({ connections }) => [...connections].map((socket) => socket.resetAndDestroy())],
  ]

  it.each(endings)('All streams of a server that %s end, and new ones open', async (_ending, end) => {
    const server = await serve(open, { settings: { maxConcurrentStreams: 20 } })
    const sent = sendMany(50, server.origin)
    await begin(sent)
    end(server)
    // Node's server ends the first stream of a session that it ends.
    expect((await errorsOf(sent)).length).toBeGreaterThanOrEqual(47)
    await begin(sendMany(50, server.origin))
    expect(server.connectionCount).toBe(6)
  })

  it.each(endings)('Every EventSource of a server that %s reconnects', async (_ending, end) => {
    const server = await serve(open)
    const sources = Array.from(
      { length: 50 },
      () => new EventSource(server.origin, { dispatcher: connections as never }),
    )
    closers.push(() => sources.map((source) => source.close()))
    const opened = (): Promise<unknown> => Promise.all(sources.map((source) => once(source, 'message')))
    const errors: string[] = []
    for (const source of sources) source.onerror = ({ message }) => void errors.push(message)
    await opened()
    for (let times = 0; times < 3; times++) {
      const again = opened()
      end(server)
      await again
    }
    expect(sources.map(({ readyState }) => readyState)).toEqual(sources.map(() => EventSource.OPEN))
    expect(errors.filter((message) => message.includes('client'))).toEqual([])
    expect(errors).toHaveLength(150)
    expect(server.connectionCount).toBe(4)
  })

  it('The loss of a connection does not affect streams on another one', async () => {
    const responses: Http2ServerResponse[] = []
    const server = await serve(
      (request, response) => {
        responses.push(response)
        open(request, response)
      },
      { settings: { maxConcurrentStreams: 2 } },
    )
    const sent = sendMany(6, server.origin)
    await begin(sent)
    const [session] = server.sessions
    const closed = responses.filter(({ stream }) => stream.session === session).map((lost) => once(lost, 'close'))
    session?.destroy()
    await Promise.all(closed)
    for (const response of responses) if (!response.stream.destroyed) response.write('more')
    await expect.poll(() => sent.filter(({ chunks }) => chunks.includes('more')).length).toBe(4)
  })

  it('Every EventSource reconnects to a server that changes to HTTP/1.1 and back', async () => {
    let server = await startHttp2Server(open)
    const port = Number(new URL(server.origin).port)
    const sources = Array.from(
      { length: 10 },
      () =>
        new EventSource(server.origin, {
          dispatcher: connections as never,
          retry: { maxDelay: 3_000, initialDelay: 100 },
        }),
    )
    const opened = (): Promise<unknown> => Promise.all(sources.map((source) => once(source, 'message')))
    await opened()
    for (const [http1Only, connections] of [
      [true, 10],
      [false, 10],
      [true, 10],
    ] as const) {
      const again = opened()
      await server.close()
      server = await startHttp2Server(open, { port, http1Only })
      await again
      expect(server.connectionCount).toBeLessThanOrEqual(connections)
    }
    for (const source of sources) source.close()
    await server.close()
  })

  it.each([
    ['POST with a text', () => 'a body', 'a body'],
    ['POST with a stream', () => new Blob(['a ', 'body']).stream(), 'a body'],
  ])('A %s is sent while other streams are open', async (_request, create, body) => {
    const bodies: string[] = []
    const server = await serve(async (request, response) => {
      if (request.method === 'POST') bodies.push(await text(request))
      open(request, response)
    })
    await begin(sendMany(5, server.origin))
    const posts = Array.from({ length: 3 }, () => send(server.origin, { method: 'POST', body: create() as string }))
    await begin(posts)
    expect(bodies).toEqual([body, body, body])
  })

  it('A request that is aborted when its whole response has arrived already makes room for the next one', async () => {
    const streams: Promise<unknown>[] = []
    const answer: Listener = (_, { stream }) => {
      streams.push(once(stream, 'close'))
      stream.respond({ ':status': 200, 'content-type': 'text/event-stream' })
      stream.end('data: a\n\n')
    }
    const server = await serve(answer, { settings: { maxConcurrentStreams: 1 } })
    for (let number = 0; number < 20; number++) {
      const controller = new AbortController()
      await overNode(connections)
        .send(createRequest(server.origin, { signal: controller.signal }), {
          response: () => controller.abort(),
          bytes: () => undefined,
          refuse() {},
        })
        .catch(() => undefined)
      await Promise.all(streams)
      // The client learns at the same time as the server that the stream is closed, since both are in this thread.
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
    }
    expect(server.connectionCount).toBe(1)
  })

  it('The last event ID arrives as UTF-8', async () => {
    const ids: unknown[] = []
    const server = await serve(({ headers }, response) => {
      ids.push(headers['last-event-id'])
      response.end()
    })
    const id = Buffer.from('é名前').toString('latin1')
    await record(overNode(connections), createRequest(server.origin, { headers: new Headers({ 'Last-Event-ID': id }) }))
    expect(ids).toEqual([id])
  })

  it('A stream that breaks off does not affect other streams of its connection', async () => {
    let torn: Http2ServerResponse | undefined
    let goingOn: Http2ServerResponse | undefined
    const server = await serve((request, response) => {
      if (request.url === '/torn') torn = response
      else goingOn = response
      open(request, response)
    })
    const [whole, other] = [send(server.origin), send(`${server.origin}/torn`)]
    await begin([whole, other])
    torn?.stream.destroy(new Error('torn'))
    await expect(other.done).rejects.toThrow()
    goingOn?.write('more')
    await expect.poll(() => whole.chunks).toContain('more')
    expect(server.connectionCount).toBe(1)
  })

  it('A stream whose consumer lags holds back no other stream', async () => {
    let sent = 0
    const chunk = Buffer.alloc(65_536, 'a')
    const server = await serve(async (request, response) => {
      if (request.url !== '/flood') return open(request, response)
      while (!response.stream.destroyed) {
        sent += chunk.length
        if (!response.write(chunk)) await Promise.race([once(response, 'drain'), once(response, 'close')])
      }
    })
    let received = 0
    const controller = new AbortController()
    const flood = overNode(connections).send(createRequest(`${server.origin}/flood`, { signal: controller.signal }), {
      response() {},
      bytes(bytes) {
        received += bytes.length
        return new Promise(() => {})
      },
      refuse() {},
    })
    await stalls(() => sent)
    expect(received).toBeLessThan(1_024 * 1_024)
    await begin(sendMany(3, server.origin))
    expect(server.connectionCount).toBe(1)
    controller.abort()
    await expect(flood).rejects.toThrow()
  })

  it('A request with its own Host header uses its own connection', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
    const hosts: string[] = []
    const server = await serve((request, response) => {
      hosts.push(request.authority)
      response.end()
    })
    const { host } = new URL(server.origin)
    for (const given of [host, 'other.example', host, 'other.example']) {
      const headers = new Headers(given === host ? {} : { Host: given })
      await record(overNode(), createRequest(server.origin, { headers }))
    }
    expect(hosts).toEqual([host, 'other.example', host, 'other.example'])
    expect(server.connectionCount).toBe(2)
  })

  it('A request that loses its Host header in a redirect does not affect the connection of that host', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
    const hosts: string[] = []
    const server = await serve((request, response) => {
      hosts.push(request.authority)
      open(request, response)
    })
    const origin = await startHttp((_, response) => void response.writeHead(302, { Location: server.origin }).end())
    const headers = new Headers({ Host: 'other.example' })
    const direct = send(server.origin, { headers }, null)
    await direct.begun
    const redirected = send(origin, { headers }, null)
    await redirected.begun
    expect(hosts).toEqual(['other.example', new URL(server.origin).host])
    expect(server.connectionCount).toBe(2)
    for (const { abort } of [direct, redirected]) abort()
    expect(await errorsOf([direct, redirected])).toEqual(Array(2).fill('the request was aborted'))
  })

  it('Streams that lose their body in a 303 share a connection', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
    const server = await serve(open)
    const origin = await startHttp(async (request, response) => {
      await text(request)
      response.writeHead(303, { Location: server.origin }).end()
    })
    const create = () => new Blob(['a body']).stream() as unknown as string
    const sent = Array.from({ length: 20 }, () => send(origin, { method: 'POST', body: create() }, null))
    await begin(sent)
    expect(server.connectionCount).toBe(1)
    for (const { abort } of sent) abort()
  })

  it.each(['te', 'proxy-connection', 'http2-settings', 'keep-alive', 'transfer-encoding', 'upgrade', 'expect'])(
    'A request with the header %s is refused without affecting other streams',
    async (name) => {
      const server = await serve(open)
      await send(server.origin).begun
      const headers = new Headers({ [name]: 'gzip' })
      const { refusal } = await record(overNode(connections), createRequest(server.origin, { headers }))
      expect(refusal).toMatchObject({ reason: 'unsupported', message: expect.stringContaining(`"${name}"`) })
      await send(server.origin).begun
      expect(server.connectionCount).toBe(1)
    },
  )
})

describe('Streams share a connection that is being established', () => {
  /** Starts a server that accepts connections and sends nothing. */
  async function serveSilence(): Promise<{ origin: string; next(): Promise<Socket> }> {
    const sockets: Socket[] = []
    const server = createServer((socket) => {
      sockets.push(socket.on('error', () => socket.destroy()).resume())
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closers.push(() => {
      server.close()
      for (const socket of sockets) socket.destroy()
    })
    return {
      origin: `https://localhost:${(server.address() as AddressInfo).port}`,
      async next() {
        const [socket] = sockets.length ? sockets : await once(server, 'connection')
        sockets.splice(sockets.indexOf(socket), 1)
        return socket
      },
    }
  }

  it.each([
    ['refuses connections', /ECONNREFUSED/, async () => 'https://127.0.0.1:1'],
    [
      'does not speak TLS',
      /./,
      async () => (await startHttp((_, response) => void response.end())).replace('http:', 'https:'),
    ],
    ['has a certificate that nobody trusts', /self[- ]signed/, async () => (await serve(open)).origin],
  ])('All streams that wait for a connection to a server that %s get the error', async (_server, message, start) => {
    const untrusting = new Connections()
    const origin = await start()
    const sent = Array.from({ length: 20 }, () => send(origin, {}, untrusting))
    expect(await errorsOf(sent)).toEqual(sent.map(() => expect.stringMatching(message)))
  })

  it('A connection is closed when all requests that wait for it are aborted', async () => {
    const server = await serveSilence()
    const sent = sendMany(3, server.origin)
    const socket = await server.next()
    for (const { abort } of sent) abort()
    await once(socket, 'close')
    expect(await errorsOf(sent)).toEqual(Array(3).fill('the request was aborted'))
  })

  it('A connection is established if one of several requests still waits for it', async () => {
    const server = await serve(open)
    const [first, second, third] = sendMany(3, server.origin)
    first?.abort()
    third?.abort()
    await second?.begun
    expect(server.connectionCount).toBe(1)
  })

  it('A stream that begins after all others were aborted gets its own connection', async () => {
    const server = await serve(open)
    for (let times = 0; times < 5; times++) {
      const [given, up] = sendMany(2, server.origin)
      given?.abort()
      up?.abort()
      const next = send(server.origin)
      await next.begun
      next.abort()
    }
  })
})

describe('Streams use connections over HTTP/1.1', () => {
  it('Each of any number of streams has its own connection', async () => {
    let connections = 0
    const origin = await startHttp(
      (_, response) => {
        response.write('data: open\n\n')
      },
      () => connections++,
    )
    await begin(sendMany(300, origin))
    expect(connections).toBe(300)
  })

  it('A connection whose stream has ended is reused', async () => {
    let connections = 0
    const origin = await startHttp(
      (_, response) => {
        response.end('data: open\n\n')
      },
      () => connections++,
    )
    for (let times = 0; times < 3; times++) {
      await send(origin).done
      // A connection accepts the next request in the next turn of the event loop.
      await new Promise(setImmediate)
    }
    expect(connections).toBe(1)
  })

  it('A connection that the server closes while it is idle is replaced', async () => {
    const sockets = new Set<Socket>()
    const origin = await startHttp(
      (_, response) => {
        response.end('data: open\n\n')
      },
      (socket) => sockets.add(socket),
    )
    for (let times = 0; times < 3; times++) {
      await send(origin).done
      for (const socket of sockets) socket.destroy()
    }
    expect(sockets.size).toBe(3)
  })

  it.each([
    ['aborted', (sent: Sent) => sent.abort()],
    ['redirected before its body has ended', () => {}],
  ])('The connection of a request that is %s is not replaced', async (how, end) => {
    const closed: Promise<unknown>[] = []
    const server = await serve(
      ({ url }, response) => {
        const isFirst = url === '/'
        if (isFirst) closed.push(once(response, 'close'))
        if (isFirst && how !== 'aborted') response.writeHead(302, { Location: '/next' })
        response.write('data: open\n\n')
      },
      { http1Only: true },
    )
    const sent = sendMany(10, server.origin)
    await begin(sent)
    sent.forEach(end)
    await Promise.all(closed)
    const before = server.connectionCount
    await send(`${server.origin}/next`).begun
    expect(before).toBe(how === 'aborted' ? 10 : 20)
    expect(server.connectionCount).toBe(before + 1)
  })
})

it('The error says why none of several addresses of a host could be connected to', async () => {
  const addresses = [
    { address: '::1', family: 6 },
    { address: '127.0.0.1', family: 4 },
  ]
  const lookup = (_: string, __: unknown, callback: (error: null, found: typeof addresses) => void): void =>
    callback(null, addresses)
  const several = new Connections({ tls: { lookup } as never })
  await expect(record(overNode(several), createRequest('https://localhost:1'))).rejects.toThrow(
    /^connect \w+ ::1:1.*, connect ECONNREFUSED 127\.0\.0\.1:1$/,
  )
})
