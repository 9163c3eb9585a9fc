import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { describe, expect, it, vi } from 'vitest'
import { Connections } from '../../src/node/connections.ts'
import { connect } from '../../src/node/connector.ts'
import { OriginConnections } from '../../src/node/origin-connections.ts'
import { listenAt } from '../http-server.ts'
import { createRequest, record } from '../transport/record.ts'
import { overNode } from '../transport/transports.ts'
import { afterTest, begin, errorsOf, open, type Sent, send, sendMany, serve, startHttp } from './open-streams.ts'

describe('Streams share a connection that is being established', () => {
  /** Starts a server that accepts connections and sends nothing. */
  async function serveSilence(): Promise<{ origin: string; next(): Promise<Socket> }> {
    const sockets: Socket[] = []
    const server = createServer((socket) => {
      sockets.push(socket.on('error', () => socket.destroy()).resume())
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    afterTest(() => {
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

it('A connection whose request was served by another one is closed when nothing uses it', async () => {
  const server = createHttpServer((_, response) => void response.end('done'))
  await listenAt(0, server)
  afterTest(() => server.close() && server.closeAllConnections())
  const { port } = server.address() as AddressInfo
  const endpoint = { host: '127.0.0.1', port }
  const late: (() => void)[] = []
  const connections = new OriginConnections({
    origin: `http://127.0.0.1:${port}`,
    unref: false,
    pingInterval: 15_000,
    emptied() {},
    connect(protocols, callback) {
      const options = { unref: false, timeout: 10_000, protocols }
      // The second connection is established after the first one has served both requests.
      if (late.push(() => void connect(endpoint, options, callback)) === 1) late[0]?.()
      return { abandon() {} }
    },
  })
  afterTest(() => connections.destroy())
  const dispatch = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const handler = {
        onRequestStart() {},
        onResponseStart() {},
        onResponseData() {},
        onResponseEnd: () => resolve(),
        onResponseError: (_: unknown, error: Error) => reject(error),
      }
      connections.dispatch({ options: { method: 'GET', path: '/' }, handler, isRepeated: false })
    })
  await Promise.all([dispatch(), dispatch()])
  expect(late).toHaveLength(2)
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  afterTest(() => vi.useRealTimers())
  const connected = once(server, 'connection') as Promise<[Socket]>
  late[1]?.()
  const [socket] = await connected
  const closed = once(socket, 'close')
  await vi.waitFor(() => {
    vi.advanceTimersByTime(5_000)
    expect(socket.destroyed).toBe(true)
  })
  await closed
})
