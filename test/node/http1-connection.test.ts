import { AsyncLocalStorage } from 'node:async_hooks'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { EventSource } from '../../src/event-source.ts'
import { Connections } from '../../src/node/connections.ts'
import { exchange } from '../transport/exchange.ts'
import { createRequest, record } from '../transport/record.ts'
import { serve } from '../transport/serve.ts'
import { overNode } from '../transport/transports.ts'

const closers: (() => unknown)[] = []

afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()))
})

/** Starts a server that answers the first bytes of every connection by `answer`. */
async function serveRaw(answer: (socket: Socket) => unknown): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy()).once('data', () => answer(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const body = 'x'.repeat(200_000)

describe('A body over HTTP/1.1 without a length ends with its connection', () => {
  const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n'

  it('A body without a length is complete when the connection is closed', async () => {
    const origin = await serveRaw((socket) => socket.end(`${head}data: a\n\n`))
    const { chunks } = await record(overNode(), createRequest(origin))
    expect(`${Buffer.concat(chunks)}`).toBe('data: a\n\n')
  })

  it('A body without a length loses the connection when it is reset', async () => {
    const origin = await serveRaw((socket) =>
      socket.write(`${head}data: a\n\n`, () => setTimeout(() => socket.resetAndDestroy(), 50)),
    )
    await expect(record(overNode(), createRequest(origin))).rejects.toThrow('ECONNRESET')
  })

  it('A body without a length loses the connection when the reset arrives with its last bytes', async () => {
    const origin = await serveRaw((socket) => {
      // The client is in the same thread: it reads once this has run.
      socket.write(`${head}data: a\n\n`)
      socket.resetAndDestroy()
    })
    await expect(record(overNode(), createRequest(origin))).rejects.toThrow('ECONNRESET')
  })

  it('An EventSource reports a reset at the end of a body without a length with reason network', async () => {
    const origin = await serveRaw((socket) =>
      socket.write(`${head}data: a\n\n`, () => setTimeout(() => socket.resetAndDestroy(), 50)),
    )
    const source = new EventSource(origin, { retry: { maxAttempts: 1 } })
    closers.push(() => source.close())
    const reason = await new Promise((resolve) => {
      source.onerror = (error) => resolve(error.reason)
    })
    expect(reason).toBe('network')
  })
})

describe('Bytes after a complete response are not part of it', () => {
  it.each([
    ['with a length', 'Content-Length: 9\r\n\r\ndata: a\n\n'],
    ['in chunks', 'Transfer-Encoding: chunked\r\n\r\n9\r\ndata: a\n\n\r\n0\r\n\r\n'],
  ])('A response %s is complete, although stray bytes follow it', async (_, rest) => {
    let requests = 0
    const origin = await serveRaw((socket) => {
      requests++
      socket.write(`HTTP/1.1 200 OK\r\n${rest}stray bytes`)
    })
    const { chunks } = await record(overNode(), createRequest(origin, { method: 'POST', body: 'a' }))
    expect(`${Buffer.concat(chunks)}`).toBe('data: a\n\n')
    expect(requests).toBe(1)
  })
})

describe('A response can come before the end of its request', () => {
  it('The connection is closed after the response when the server does not read a large body', async () => {
    const origin = await serveRaw((socket) =>
      socket.pause().write('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n'),
    )
    const connections = new Connections()
    const request = createRequest(origin, { method: 'POST', body: 'x'.repeat(20_000_000) })
    const { response } = await record(overNode(connections), request)
    expect(response?.status).toBe(401)
    await expect.poll(() => connections.size).toBe(0)
  })
})

describe('A server cannot switch to another protocol', () => {
  const head = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'

  it.each([
    ['alone', head],
    ['followed by bytes of the other protocol', `${head}\x81\x05hello`],
    ['without the protocol', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
  ])('A response 101, %s, is refused for its status, and its connection is closed', async (_, answer) => {
    const closed: Promise<unknown>[] = []
    const origin = await serveRaw((socket) => {
      closed.push(once(socket, 'close'))
      socket.write(answer)
    })
    const source = new EventSource(`${origin}/feed`)
    const [error] = await once(source as never, 'error')
    expect(error).toMatchObject({ reason: 'status', status: 101, willReconnect: false })
    expect(error.message).toBe(`HTTP 101 Switching Protocols from ${origin}/feed`)
    await Promise.all(closed)
  })

  it('A response 103 precedes the final response', async () => {
    const origin = await serveRaw((socket) =>
      socket.end('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n\r\nall'),
    )
    const { response, chunks } = await record(overNode(), createRequest(origin))
    expect([response?.status, `${Buffer.concat(chunks)}`]).toEqual([200, 'all'])
  })
})

describe('A body over HTTP/1.1 whose consumer lags is delivered completely', () => {
  it.each<[string, (socket: Socket) => unknown]>([
    ['without a length', (socket) => socket.end(`HTTP/1.1 200 OK\r\n\r\n${body}`)],
    [
      'with a length',
      (socket) => socket.end(`HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`),
    ],
    [
      'in chunks',
      (socket) =>
        socket.end(
          'HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n' +
            `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
        ),
    ],
  ])(
    'A body that is sent %s is delivered completely even if the connection closes while the consumer lags',
    async (_, answer) => {
      const origin = await serveRaw(answer)
      let received = 0
      await exchange(overNode(), createRequest(origin), {
        response() {},
        async bytes(chunk) {
          received += chunk.length
          await pause(50)
        },
        refuse() {},
      })
      expect(received).toBe(body.length)
    },
  )

  it('A body loses the connection when it is reset while the consumer lags', async () => {
    const origin = await serveRaw((socket) =>
      socket.write(`HTTP/1.1 200 OK\r\n\r\n${body}`, () => setTimeout(() => socket.resetAndDestroy(), 50)),
    )
    const sent = exchange(overNode(), createRequest(origin), {
      response() {},
      bytes: () => pause(100),
      refuse() {},
    })
    await expect(sent).rejects.toThrow('ECONNRESET')
  })
})

it('A response over HTTP/1.1 can have a header of 200 kB', async () => {
  const origin = await serve((_, response) => void response.setHeader('X-Long', 'a'.repeat(200_000)).end('a'))
  const { response } = await record(overNode(), createRequest(origin))
  expect(response?.headers.get('x-long')).toHaveLength(200_000)
})

it('Each caller of a reused connection is called back in its own async context', async () => {
  const storage = new AsyncLocalStorage<string>()
  const sockets = new Set<unknown>()
  const origin = await serve((request, response) => {
    sockets.add(request.socket)
    response.setHeader('Content-Type', 'text/event-stream')
    response.end(': comment\n\ndata: a\n\n')
  })
  const seen: string[] = []
  for (const name of ['a', 'b', 'c']) {
    await storage.run(name, async () => {
      const note = (call: string): void => void seen.push(`${name} ${call} ${storage.getStore()}`)
      const source = new EventSource(origin, {
        retry: false,
        onRequest: () => note('onRequest'),
        onResponse: () => note('onResponse'),
        onComment: () => note('onComment'),
      })
      source.onopen = () => note('open')
      source.onmessage = () => note('message')
      await new Promise<void>((resolve) => {
        source.onerror = () => {
          note('error')
          resolve()
        }
      })
      // A connection takes the next request in the next turn of the event loop.
      await new Promise(setImmediate)
    })
  }
  expect(sockets.size).toBe(1)
  const calls = ['onRequest', 'onResponse', 'open', 'onComment', 'message', 'error']
  expect(seen).toEqual(['a', 'b', 'c'].flatMap((name) => calls.map((call) => `${name} ${call} ${name}`)))
})

it('A source calls back in its own async context, even if it is reconnected from another one', async () => {
  const storage = new AsyncLocalStorage<string>()
  const origin = await serve((_, response) => {
    response.setHeader('Content-Type', 'text/event-stream')
    response.write('data: a\n\n')
  })
  const seen: unknown[] = []
  const note = (): void => void seen.push(storage.getStore())
  const source = storage.run('owner', () => {
    const made = new EventSource(origin, {
      headers: () => {
        note()
        return {}
      },
      onRequest: note,
      onResponse: note,
    })
    made.onopen = note
    made.onmessage = note
    made.onerror = note
    return made
  })
  await expect.poll(() => seen).toHaveLength(5)
  storage.run('other', () => source.reconnect())
  await expect.poll(() => seen).toHaveLength(10)
  source.close()
  expect(new Set(seen)).toEqual(new Set(['owner']))
})

it('The entry for an origin and Host header is removed when its last connection is closed', async () => {
  const sockets = new Set<Socket>()
  const origin = await serve((request, response) => {
    sockets.add(request.socket)
    response.end('a')
  })
  const connections = new Connections()
  for (const host of ['a.example', 'b.example', 'c.example']) {
    await record(overNode(connections), createRequest(origin, { headers: new Headers({ Host: host }) }))
  }
  expect(connections.size).toBe(3)
  for (const socket of sockets) socket.destroy()
  await expect.poll(() => connections.size).toBe(0)
})
