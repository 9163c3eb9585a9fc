import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { constants, type Http2ServerResponse } from 'node:http2'
import type { Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, expect, it, vi } from 'vitest'
import { EventSource } from '../../src/event-source.ts'
import { exchange } from '../transport/exchange.ts'
import { createRequest, record } from '../transport/record.ts'
import { overNode } from '../transport/transports.ts'
import { type Http2Server, startHttp2Server } from './http2-server.ts'
import {
  afterTest,
  begin,
  connections,
  errorsOf,
  type Listener,
  open,
  send,
  sendMany,
  serve,
  startHttp,
} from './open-streams.ts'
import { stalls } from './stalls.ts'

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
    afterTest(() => sources.map((source) => source.close()))
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
    expect(errors.length).toBeGreaterThanOrEqual(150)
    // A request that reaches a session which the server is ending is ended with it: Node's server does so with one stream.
    expect(errors.length).toBeLessThanOrEqual(153)
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
      const request = createRequest(server.origin, { signal: controller.signal })
      const aborted = exchange(overNode(connections), request, {
        response: () => controller.abort(),
        bytes: () => undefined,
        refuse() {},
      })
      await Promise.allSettled([aborted])
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
    const flood = exchange(
      overNode(connections),
      createRequest(`${server.origin}/flood`, { signal: controller.signal }),
      {
        response() {},
        bytes(bytes) {
          received += bytes.length
          return new Promise(() => {})
        },
        refuse() {},
      },
    )
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

/** The time in ms until Linux checks whether the peer of this port is still there; undefined if it does not. */
async function keepAliveTimer(port: number): Promise<number | undefined> {
  const tables = await Promise.all(['/proc/net/tcp', '/proc/net/tcp6'].map((file) => readFile(file, 'utf8')))
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const fields = tables
    .flatMap((table) => table.split('\n'))
    .map((line) => line.trim().split(/\s+/))
    .find(([, address = '']) => address.endsWith(local))
  // "tr tm->when": the kind of the timer, and its time in hundredths of a second.
  const [kind, time = ''] = fields?.[5]?.split(':') ?? []
  return kind === '02' ? Number.parseInt(time, 16) * 10 : undefined
}

describe.skipIf(!existsSync('/proc/net/tcp6'))(
  'TCP checks after a minute of silence that the server is still there',
  () => {
    it('over HTTP/1.1', async () => {
      let port: number | undefined
      const origin = await startHttp(open as never, (socket: Socket) => {
        port = socket.remotePort
      })
      await send(origin).begun
      await vi.waitFor(async () => expect(await keepAliveTimer(port ?? 0)).toBeGreaterThan(40_000))
      expect(await keepAliveTimer(port ?? 0)).toBeLessThanOrEqual(60_000)
    })

    it('over HTTP/2', async () => {
      const server = await serve(open)
      await send(server.origin).begun
      const [port] = Array.from(server.connections, ({ remotePort }) => remotePort)
      await vi.waitFor(async () => expect(await keepAliveTimer(port ?? 0)).toBeGreaterThan(40_000))
      expect(await keepAliveTimer(port ?? 0)).toBeLessThanOrEqual(60_000)
    })
  },
)

it.each(['GET', 'HEAD', 'DELETE', 'POST', 'QUERY'])(
  'Over HTTP/2, a %s request without a body ends with its headers',
  async (method) => {
    const endings: boolean[] = []
    const server = await serve(({ stream }, response) => {
      endings.push(stream.endAfterHeaders)
      response.writeHead(200, { 'Content-Type': 'text/event-stream' })
      response.end()
    })
    await record(overNode(connections), createRequest(server.origin, { method }))
    expect(endings).toEqual([true])
  },
)
