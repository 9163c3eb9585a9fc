import { AsyncLocalStorage } from 'node:async_hooks'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { EventSource } from '../../src/event-source.ts'
import { Connections } from '../../src/node/connections.ts'
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

describe('A body over HTTP/1.1 that lasts until the connection is closed', () => {
  const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n'

  it('is complete when the connection is closed', async () => {
    const origin = await serveRaw((socket) => socket.end(`${head}data: a\n\n`))
    const { chunks } = await record(overNode(), createRequest(origin))
    expect(`${Buffer.concat(chunks)}`).toBe('data: a\n\n')
  })

  it('has lost the connection when it is reset', async () => {
    const origin = await serveRaw((socket) =>
      socket.write(`${head}data: a\n\n`, () => setTimeout(() => socket.resetAndDestroy(), 50)),
    )
    await expect(record(overNode(), createRequest(origin))).rejects.toThrow('ECONNRESET')
  })

  it('has lost the connection when it is reset together with its last bytes', async () => {
    const origin = await serveRaw((socket) => {
      // The client is in the same thread: it reads once this has run.
      socket.write(`${head}data: a\n\n`)
      socket.resetAndDestroy()
    })
    await expect(record(overNode(), createRequest(origin))).rejects.toThrow('ECONNRESET')
  })

  it('is reported as a loss of the network by an EventSource when it is reset', async () => {
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

describe('A body over HTTP/1.1 whose consumer is behind', () => {
  it.each<[string, (socket: Socket) => unknown]>([
    ['until the connection is closed', (socket) => socket.end(`HTTP/1.1 200 OK\r\n\r\n${body}`)],
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
  ])('and that is sent %s, arrives whole, though the connection ends meanwhile', async (_, answer) => {
    const origin = await serveRaw(answer)
    let received = 0
    await overNode()(createRequest(origin), {
      response() {},
      async bytes(chunk) {
        received += chunk.length
        await pause(50)
      },
      refuse() {},
    })
    expect(received).toBe(body.length)
  })

  it('has lost the connection when it is reset meanwhile', async () => {
    const origin = await serveRaw((socket) =>
      socket.write(`HTTP/1.1 200 OK\r\n\r\n${body}`, () => setTimeout(() => socket.resetAndDestroy(), 50)),
    )
    const sent = overNode()(createRequest(origin), {
      response() {},
      bytes: () => pause(100),
      refuse() {},
    })
    await expect(sent).rejects.toThrow('ECONNRESET')
  })
})

it('A response over HTTP/1.1 may have a header of 200 kB', async () => {
  const origin = await serve((_, response) => void response.setHeader('X-Long', 'a'.repeat(200_000)).end('a'))
  const { response } = await record(overNode(), createRequest(origin))
  expect(response?.headers.get('x-long')).toHaveLength(200_000)
})

it('Over a connection that is used again, each caller has its own context', async () => {
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

it('A source that another caller reconnects calls back in the context of its own', async () => {
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

it('Connections to an origin, and to each Host that was asked for there, are forgotten when the last is closed', async () => {
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
