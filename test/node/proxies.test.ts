import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { Socks5ProxyAgent } from 'undici'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { certificate } from '../../fixtures/certificate.ts'
import { startForwardProxy } from '../../fixtures/forward-proxy.ts'
import { startSocksProxy } from '../../fixtures/socks-proxy.ts'
import { EventSource } from '../../src/event-source.ts'
import { openEventStream } from '../../src/index.ts'
import { Connections } from '../../src/node/connections.ts'
import { createRequest, record, textOf } from '../transport/record.ts'
import { serve } from '../transport/serve.ts'
import { overNode } from '../transport/transports.ts'
import { startHttp2Server } from './http2-server.ts'

const closers: (() => unknown)[] = []

afterEach(async () => {
  vi.unstubAllEnvs()
  await Promise.all(closers.splice(0).map((close) => close()))
})

/** Starts a proxy that answers the bytes of every connection with `answer`. */
async function serveAnswer(answer: string): Promise<{ host: string; connections: Socket[] }> {
  const connections: Socket[] = []
  const server = createServer((socket) => {
    connections.push(socket)
    socket.on('error', () => socket.destroy()).on('data', () => void (answer && socket.write(answer)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => {
    server.close()
    for (const socket of connections) socket.destroy()
  })
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, connections }
}

const refusal = (status: number): string => `HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`

describe('The response of a proxy decides what becomes of the request', () => {
  it.each([407, 401])(
    'A proxy that answers a CONNECT with status %d is reported by name, and the source fails',
    async (status) => {
      const { host } = await serveAnswer(refusal(status))
      vi.stubEnv('HTTPS_PROXY', `http://me:sesame@${host}`)
      const { refusal: refused } = await record(overNode(new Connections()), createRequest('https://a.example'))
      expect(refused).toMatchObject({ reason: 'unsupported', message: `the proxy http://${host} refused: ${status}` })
    },
  )

  it.each([403, 502, 503])(
    'A proxy that answers a CONNECT with status %d is reported by name, and the connection is lost',
    async (status) => {
      const { host } = await serveAnswer(refusal(status))
      vi.stubEnv('HTTPS_PROXY', `http://me:sesame@${host}`)
      const sent = record(overNode(new Connections()), createRequest('https://a.example'))
      await expect(sent).rejects.toThrow(`the proxy http://${host} refused: ${status}`)
    },
  )

  it('A proxy that answers a forwarded request with status 407 is reported by name, and the source fails', async () => {
    const { host } = await serveAnswer(refusal(407))
    vi.stubEnv('HTTP_PROXY', `http://me:sesame@${host}`)
    const { refusal: refused } = await record(overNode(new Connections()), createRequest('http://a.example'))
    expect(refused).toMatchObject({ reason: 'unsupported', message: `the proxy http://${host} refused: 407` })
  })

  it.each([
    ['me:wrong@', 'Authentication failed'],
    ['', 'No acceptable authentication method'],
  ])(
    'A SOCKS proxy that rejects the credentials "%s" is reported by name, and the source fails',
    async (user, message) => {
      await using proxy = await startSocksProxy({ user: 'me:sesame' })
      for (const url of ['http://a.example', 'https://a.example']) {
        vi.stubEnv('HTTP_PROXY', `socks5://${user}${proxy.host}`)
        const { refusal: refused } = await record(overNode(new Connections()), createRequest(url))
        expect(refused).toMatchObject({
          reason: 'unsupported',
          message: `the proxy socks5://${proxy.host}: ${message}`,
        })
        const dispatcher = new Socks5ProxyAgent(`socks5://${user}${proxy.host}`)
        const { refusal: given } = await record(overNode(dispatcher), createRequest(url))
        expect(given).toMatchObject({ reason: 'unsupported', message })
      }
    },
  )

  it.each([401, 403])('Status %d for a forwarded request is reported as the response of the server', async (status) => {
    const { host } = await serveAnswer(refusal(status))
    vi.stubEnv('HTTP_PROXY', `http://${host}`)
    const { response } = await record(overNode(new Connections()), createRequest('http://a.example'))
    expect(response?.status).toBe(status)
  })

  it.each(['http', 'socks5'])('A proxy that refuses the connection is reported by name: %s', async (scheme) => {
    vi.stubEnv('HTTP_PROXY', `${scheme}://127.0.0.1:1`)
    vi.stubEnv('HTTPS_PROXY', `${scheme}://127.0.0.1:1`)
    for (const url of ['http://a.example', 'https://a.example']) {
      const sent = record(overNode(new Connections()), createRequest(url))
      await expect(sent).rejects.toThrow(`the proxy ${scheme}://127.0.0.1:1: connect ECONNREFUSED`)
    }
  })

  it('A proxy that does not answer a CONNECT in time is reported by name, and the connection is lost', async () => {
    const { host, connections } = await serveAnswer('')
    vi.stubEnv('HTTPS_PROXY', host)
    const sent = record(overNode(new Connections({ connectTimeout: 100 })), createRequest('https://a.example'))
    await expect(sent).rejects.toThrow(`the proxy http://${host}: no tunnel to a.example:443 within 100 ms`)
    await expect.poll(() => connections.every(({ destroyed, readableEnded }) => destroyed || readableEnded)).toBe(true)
  })
})

describe('An environment variable without a usable proxy is an error', () => {
  it('An EventSource fails with an error that contains the name of the variable but not its value', async () => {
    vi.stubEnv('HTTP_PROXY', 'socks4://me:sesame@127.0.0.1:1080')
    const source = new EventSource('http://a.example')
    const [error] = await once(source as never, 'error')
    expect(error).toMatchObject({ reason: 'unsupported', willReconnect: false })
    expect(error.message).toContain('HTTP_PROXY')
    expect(error.message).not.toContain('sesame')
    expect(source.readyState).toBe(EventSource.CLOSED)
  })

  it('The iteration of a stream throws', async () => {
    vi.stubEnv('HTTP_PROXY', 'socks4://127.0.0.1:1080')
    const events = openEventStream('http://a.example')[Symbol.asyncIterator]()
    await expect(events.next()).rejects.toMatchObject({ reason: 'unsupported' })
  })

  it('A variable that does not apply to the request is ignored', async () => {
    const origin = await serve((_, response) => void response.end('direct'))
    vi.stubEnv('HTTPS_PROXY', 'socks4://127.0.0.1:1080')
    expect(textOf(await record(overNode(new Connections()), createRequest(origin)))).toBe('direct')
    vi.stubEnv('HTTP_PROXY', 'socks4://127.0.0.1:1080')
    vi.stubEnv('NO_PROXY', '*')
    expect(textOf(await record(overNode(new Connections()), createRequest(origin)))).toBe('direct')
  })
})

describe('Requests share the connections to a forwarding proxy', () => {
  it('Consecutive requests to several servers share one connection to the proxy', async () => {
    await using proxy = await startForwardProxy()
    const sockets: Socket[] = []
    vi.stubEnv('HTTP_PROXY', `http://${proxy.host}`)
    const origins = [
      await serve((_, response) => void response.end('a')),
      await serve((_, response) => void response.end('b')),
    ]
    proxy.server.on('connection', (socket: Socket) => sockets.push(socket))
    const transport = overNode(new Connections())
    for (const origin of [...origins, ...origins]) {
      await record(transport, createRequest(origin))
      await new Promise(setImmediate)
    }
    expect(proxy.requests).toHaveLength(4)
    expect(sockets).toHaveLength(1)
  })

  it('The connection to the proxy is closed with each stream that is closed', async () => {
    await using proxy = await startForwardProxy()
    const sockets: Socket[] = []
    vi.stubEnv('HTTP_PROXY', `http://${proxy.host}`)
    const origin = await serve((_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('data: a\n\n')
    })
    proxy.server.on('connection', (socket: Socket) => sockets.push(socket))
    for (let number = 0; number < 20; number++) {
      const source = new EventSource(origin)
      await once(source as never, 'message')
      source.close()
      await new Promise(setImmediate)
    }
    await expect.poll(() => sockets.every(({ destroyed }) => destroyed)).toBe(true)
    expect(sockets).toHaveLength(20)
  })
})

it('Streams through a tunnel share a connection if the server speaks HTTP/2', async () => {
  await using proxy = await startForwardProxy()
  vi.stubEnv('HTTPS_PROXY', proxy.host)
  const server = await startHttp2Server(({ httpVersion }, response) => {
    response.end(httpVersion)
  })
  closers.push(server.close)
  const transport = overNode(new Connections({ tls: { ca: certificate } }))
  const recordings = await Promise.all(
    Array.from({ length: 20 }, () => record(transport, createRequest(server.origin))),
  )
  expect(new Set(recordings.map(textOf))).toEqual(new Set(['2.0']))
  expect(proxy.requests).toHaveLength(1)
})
