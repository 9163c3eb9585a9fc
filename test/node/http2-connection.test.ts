import { AsyncLocalStorage } from 'node:async_hooks'
import { once } from 'node:events'
import type { ServerHttp2Stream } from 'node:http2'
import { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import {
  eventStreamHead,
  type FrameScript,
  type FrameServer,
  startFrameServer,
} from '../../fixtures/http2/frame-server.ts'
import {
  encodeData,
  encodeGoaway,
  encodeHeaders,
  encodeReset,
  encodeSettings,
  encodeWindowUpdate,
  errorCodes,
  frameTypes,
} from '../../fixtures/http2/frames.ts'
import { exchange } from '../transport/exchange.ts'
import { createRequest } from '../transport/record.ts'
import { overNode } from '../transport/transports.ts'
import { afterTest, connect, send, serveFrames } from './http2-client.ts'
import { startHttp2Server } from './http2-server.ts'

describe('A graceful GOAWAY loses no stream', () => {
  it('Streams up to the last stream ID of a GOAWAY continue to their end, and new streams use another connection', async () => {
    const server = await serveFrames({
      request({ number, send }, id) {
        send(eventStreamHead(id), encodeData(id, `${number} `))
        if (number > 1) send(encodeData(id, 'new', true))
      },
    })
    const connections = connect()
    const old = Array.from({ length: 20 }, () => send(connections, server.origin))
    await Promise.all(old.map(({ responded }) => responded))
    const [first] = server.connections
    first?.send(encodeGoaway('NO_ERROR', 2 ** 31 - 1))
    await pause(20)
    first?.send(encodeGoaway('NO_ERROR', first.streams.at(-1) ?? 0))
    await pause(20)
    const next = send(connections, server.origin)
    await next.done
    expect(next.text).toBe('2 new')
    for (const id of first?.streams ?? []) first?.send(encodeData(id, 'and the rest', true))
    await Promise.all(old.map(({ done }) => done))
    expect(new Set(old.map(({ text }) => text))).toEqual(new Set(['1 and the rest']))
    await once(first?.socket as NonNullable<typeof first>['socket'], 'close')
    expect(server.connections).toHaveLength(2)
  })

  it('Requests after the last stream ID of a GOAWAY are sent again over another connection', async () => {
    const server = await serveFrames({
      request({ number, send }, id) {
        if (number === 1 && id > 1) send(encodeGoaway('NO_ERROR', 1))
        else send(eventStreamHead(id), encodeData(id, `connection ${number}`, number > 1))
      },
    })
    const connections = connect()
    const first = send(connections, server.origin)
    await first.responded
    const second = send(connections, server.origin, { method: 'POST', body: 'a body' })
    await second.done
    expect(second.text).toBe('connection 2')
    server.connections[0]?.send(encodeData(1, ' to its end', true))
    await first.done
    expect(first.text).toBe('connection 1 to its end')
  })
})

it('All requests to a server that takes three on each connection are answered, over seven connections', async () => {
  const server = await serveFrames({
    request({ send, streams, socket }, id) {
      if (streams.length > 3) return
      send(eventStreamHead(id), encodeData(id, 'answered', true))
      if (streams.length === 3) {
        send(encodeGoaway('NO_ERROR', id))
        socket.end()
      }
    },
  })
  const connections = connect()
  const sent = Array.from({ length: 20 }, () => send(connections, server.origin))
  await Promise.all(sent.map(({ done }) => done))
  expect(new Set(sent.map(({ text }) => text))).toEqual(new Set(['answered']))
  expect(server.connections).toHaveLength(7)
})

describe('A request that the server did not process is sent again', () => {
  it.each<[string, NonNullable<FrameScript['request']>]>([
    ['refused with REFUSED_STREAM', ({ send }, id) => send(encodeReset('REFUSED_STREAM', id))],
    ['answered with status 421', ({ send }, id) => send(encodeHeaders(id, { ':status': '421' }, true))],
  ])('A request that is %s is sent again over another connection', async (_, refuse) => {
    const bodies: string[] = []
    const server = await serveFrames({
      request(connection, id) {
        if (connection.number === 1) refuse(connection, id)
        else connection.send(eventStreamHead(id), encodeData(id, 'taken', true))
      },
      frame(_connection, { type, payload }) {
        if (type === frameTypes.DATA) bodies.push(`${payload}`)
      },
    })
    const sent = send(connect(), server.origin, { method: 'POST', body: 'a body' })
    await sent.done
    expect(sent.text).toBe('taken')
    expect(server.connections).toHaveLength(2)
    expect(bodies.at(-1)).toBe('a body')
  })

  it('A request that is refused twice is not sent a third time', async () => {
    const server = await serveFrames({ request: ({ send }, id) => send(encodeReset('REFUSED_STREAM', id)) })
    await expect(send(connect(), server.origin).done).rejects.toThrow('REFUSED_STREAM')
    expect(server.connections).toHaveLength(2)
  })

  /** A server that refuses what arrives over its first connections, and answers the rest with the body that it was sent. */
  async function serveEcho(refuse: NonNullable<FrameScript['request']>, refusing = 1): Promise<FrameServer> {
    const bodies = new Map<string, Buffer>()
    return await serveFrames({
      request: (connection, id) => void (connection.number <= refusing && refuse(connection, id)),
      frame({ number, send }, { type, streamId, payload, flags }) {
        if (type !== frameTypes.DATA || number <= refusing) return
        const key = `${number} ${streamId}`
        const body = Buffer.concat([bodies.get(key) ?? Buffer.alloc(0), payload])
        bodies.set(key, body)
        for (const id of [0, streamId]) if (payload.length) send(encodeWindowUpdate(id, payload.length))
        if (flags & 1)
          send(eventStreamHead(streamId), encodeData(streamId, `${body.length} ${body}`.slice(0, 100), true))
      },
    })
  }

  const refusals: Record<string, NonNullable<FrameScript['request']>> = {
    'refused with REFUSED_STREAM': ({ send }, id) => send(encodeReset('REFUSED_STREAM', id)),
    'refused after a part of its body': ({ send }, id) => setTimeout(() => send(encodeReset('REFUSED_STREAM', id)), 50),
    'answered with status 421': ({ send }, id) => send(encodeHeaders(id, { ':status': '421' }, true)),
    'answered with status 421 late': ({ send }, id) =>
      setTimeout(() => send(encodeHeaders(id, { ':status': '421' }, true)), 50),
    'after the last stream ID of a GOAWAY': ({ send, streams }, id) =>
      send(streams.length === 1 ? eventStreamHead(id) : encodeGoaway('NO_ERROR', 1)),
  }
  const streamBodies: Record<string, () => unknown> = {
    'a Readable that ends at once': () => Readable.from(['one ', Buffer.from('two ')]),
    'an empty Readable': () => Readable.from([]),
    'a ReadableStream': () => new Blob(['one ', 'two ']).stream(),
    'an async iterable that lags': () =>
      Readable.from(
        (async function* () {
          yield 'one '
          await pause(20)
          yield 'two '
          await pause(60)
          yield 'three'
        })(),
      ),
    'a Readable with an encoding': () => {
      const body = new Readable({ read() {} }).setEncoding('latin1')
      body.push('one \xe4 ', 'latin1')
      setTimeout(() => {
        body.push('two', 'latin1')
        body.push(null)
      }, 100)
      return body
    },
    '200 kB': () => Readable.from(Array.from({ length: 20 }, (_, index) => Buffer.alloc(10_000, `${index % 10}`))),
  }
  it.each(Object.keys(refusals).flatMap((how) => Object.keys(streamBodies).map((what) => [what, how] as const)))(
    'A request whose body is %s is sent again if it is %s',
    async (what, how) => {
      const server = await serveEcho(refusals[how] as NonNullable<FrameScript['request']>)
      const connections = connect({ pingInterval: 5_000 })
      const takeBody = streamBodies[what] as () => string
      // The server answers one request over the first connection before its GOAWAY.
      const first = how.includes('GOAWAY') ? send(connections, server.origin) : undefined
      await first?.responded
      const sent = send(connections, server.origin, { method: 'POST', body: takeBody() })
      await sent.done
      const whole = Buffer.concat(
        (await Readable.from(takeBody() as never).toArray()).map((chunk) => Buffer.from(chunk)),
      )
      expect(sent.text).toBe(`${whole.length} ${whole}`.slice(0, 100))
      expect(server.connections).toHaveLength(2)
      first?.abort()
    },
  )

  it('A request whose body is a stream is not sent a third time', async () => {
    const server = await serveEcho(({ send }, id) => send(encodeReset('REFUSED_STREAM', id)), 10)
    const body = Readable.from(['a'])
    const sent = send(connect(), server.origin, { method: 'POST', body: body as unknown as string })
    await expect(sent.done).rejects.toThrow('REFUSED_STREAM')
    expect(server.connections).toHaveLength(2)
    expect(body.destroyed).toBe(true)
  })

  it('A body of which much was sent is not sent again, and is destroyed', async () => {
    let received = 0
    const server = await serveFrames({
      frame({ send }, { type, streamId, payload }) {
        if (type !== frameTypes.DATA || !payload.length) return
        received += payload.length
        for (const id of [0, streamId]) send(encodeWindowUpdate(id, payload.length))
        if (received > 300_000) send(encodeReset('REFUSED_STREAM', streamId))
      },
    })
    const body = new Readable({
      read() {
        setImmediate(() => this.push(Buffer.alloc(10_000)))
      },
    })
    const sent = send(connect(), server.origin, { method: 'POST', body: body as unknown as string })
    await expect(sent.done).rejects.toThrow('REFUSED_STREAM')
    expect(server.connections).toHaveLength(1)
    expect(body.destroyed).toBe(true)
  })

  it('A request whose body fails before it is sent again reports the failure of the body', async () => {
    const body = new Readable({ read() {} })
    body.push('begun')
    const server = await serveEcho(({ send }, id) => {
      send(encodeReset('REFUSED_STREAM', id))
      setTimeout(() => body.destroy(new Error('the disk is gone')), 100)
    })
    const sent = send(connect(), server.origin, { method: 'POST', body: body as unknown as string })
    await expect(sent.done).rejects.toThrow('the request body failed: the disk is gone')
  })

  it('All uploads to a server that takes three on each connection are answered', async () => {
    const server = await serveFrames({
      request({ send, streams, socket }, id) {
        if (streams.length > 3) return
        send(eventStreamHead(id), encodeData(id, 'answered', true))
        if (streams.length === 3) send(encodeGoaway('NO_ERROR', id))
        if (streams.length === 3) socket.end()
      },
    })
    const connections = connect()
    const sent = Array.from({ length: 20 }, () =>
      send(connections, server.origin, { method: 'POST', body: Readable.from(['a body']) as unknown as string }),
    )
    await Promise.all(sent.map(({ done }) => done))
    expect(new Set(sent.map(({ text }) => text))).toEqual(new Set(['answered']))
    expect(server.connections).toHaveLength(7)
  })
})

describe('A dead connection is detected and replaced', () => {
  /** A server that stops answering on its first connection after the first request. */
  const dying: FrameScript = {
    request({ number, send }, id) {
      if (number > 1 || id === 1) send(eventStreamHead(id), encodeData(id, 'open'))
    },
  }

  it('A connection that an attempt timed out on is used for no further attempt', async () => {
    const server = await serveFrames(dying)
    const connections = connect({ pingInterval: 60_000 })
    const first = send(connections, server.origin)
    await first.responded
    const second = send(connections, server.origin)
    await expect.poll(() => server.connections[0]?.streams).toHaveLength(2)
    second.abort(true)
    const third = send(connections, server.origin)
    expect(await third.responded).toBe(200)
    expect(server.connections).toHaveLength(2)
    first.abort()
    third.abort()
  })

  it('A connection that does not answer a PING is closed, and its streams lose the connection', async () => {
    const server = await serveFrames({ ...dying, answersPing: false })
    const sent = send(connect(), server.origin)
    await sent.responded
    await expect(sent.done).rejects.toThrow('the connection is dead: no answer to an HTTP/2 PING')
    await expect.poll(() => server.openConnections).toBe(0)
  })

  it('A silent connection that answers PINGs stays open', async () => {
    const server = await serveFrames(dying)
    const sent = send(connect({ pingInterval: 50 }), server.origin)
    await sent.responded
    const pings = (): number => server.connections[0]?.frames.filter(({ type }) => type === frameTypes.PING).length ?? 0
    await expect.poll(pings).toBeGreaterThan(3)
    server.connections[0]?.send(encodeData(1, ' still', true))
    await sent.done
    expect(sent.text).toBe('open still')
  })

  it('An attempt does not wait for a connection that an earlier attempt timed out on while it was established', async () => {
    let accepted = 0
    const server = await serveFrames({
      settings: null,
      connected({ number, send }) {
        accepted++
        if (number > 1) send(encodeSettings({}))
      },
      request: ({ send }, id) => send(eventStreamHead(id), encodeData(id, 'open', true)),
    })
    const connections = connect({ pingInterval: 60_000 })
    const first = send(connections, server.origin)
    await expect.poll(() => accepted).toBe(1)
    first.abort(true)
    const second = send(connections, server.origin)
    await second.done
    expect(second.text).toBe('open')
  })

  it('A connection without streams is closed after a while', async () => {
    const server = await serveFrames({
      request: ({ send }, id) => send(eventStreamHead(id), encodeData(id, 'a', true)),
    })
    const connections = connect({ pingInterval: 50 })
    await send(connections, server.origin).done
    expect(connections.size).toBe(1)
    await expect.poll(() => server.openConnections).toBe(0)
    await expect.poll(() => connections.size).toBe(0)
  })
})

describe('The SETTINGS of the server are respected', () => {
  const answer: FrameScript['request'] = ({ number, send }, id) =>
    send(eventStreamHead(id), encodeData(id, `${number}`))

  it('Requests wait for SETTINGS that arrive late', async () => {
    const server = await serveFrames({
      settings: null,
      connected: ({ send }) => setTimeout(() => send(encodeSettings({ MAX_CONCURRENT_STREAMS: 100 })), 50),
      request: answer as NonNullable<typeof answer>,
    })
    const connections = connect({ pingInterval: 60_000 })
    const sent = Array.from({ length: 50 }, () => send(connections, server.origin))
    await Promise.all(sent.map(({ responded }) => responded))
    expect(server.connections).toHaveLength(1)
    for (const { abort } of sent) abort()
  })

  it('A server that allows one stream on a connection gets a connection for each stream', async () => {
    const server = await serveFrames({
      settings: { MAX_CONCURRENT_STREAMS: 1 },
      request: answer as NonNullable<typeof answer>,
    })
    const connections = connect({ pingInterval: 60_000 })
    const sent = Array.from({ length: 200 }, () => send(connections, server.origin))
    await Promise.all(sent.map(({ responded, done }) => Promise.race([responded, done])))
    expect(server.connections).toHaveLength(200)
    for (const { abort } of sent) abort()
  })

  it('Requests to a server that allows no streams at first wait until it allows some', async () => {
    const server = await serveFrames({
      settings: { MAX_CONCURRENT_STREAMS: 0 },
      connected: ({ send }) => setTimeout(() => send(encodeSettings({ MAX_CONCURRENT_STREAMS: 10 })), 50),
      request: answer as NonNullable<typeof answer>,
    })
    const sent = send(connect(), server.origin)
    expect(await sent.responded).toBe(200)
    expect(server.connections).toHaveLength(1)
    sent.abort()
  })

  it('A request to a server that never allows a stream loses the connection', async () => {
    const server = await serveFrames({ settings: { MAX_CONCURRENT_STREAMS: 0 } })
    await expect(send(connect({ pingInterval: 50 }), server.origin).done).rejects.toThrow(
      'the server allows no HTTP/2 streams',
    )
    await expect.poll(() => server.openConnections).toBe(0)
  })

  it('Open streams continue when the server allows fewer, and new streams use another connection', async () => {
    const server = await serveFrames({
      settings: { MAX_CONCURRENT_STREAMS: 10 },
      request: answer as NonNullable<typeof answer>,
    })
    const connections = connect()
    const old = Array.from({ length: 5 }, () => send(connections, server.origin))
    await Promise.all(old.map(({ responded }) => responded))
    server.connections[0]?.send(encodeSettings({ MAX_CONCURRENT_STREAMS: 3, INITIAL_WINDOW_SIZE: 10 }))
    await pause(20)
    const next = send(connections, server.origin)
    await next.responded
    for (const id of server.connections[0]?.streams ?? []) server.connections[0]?.send(encodeData(id, ' end', true))
    await Promise.all(old.map(({ done }) => done))
    expect(server.connections).toHaveLength(2)
    next.abort()
  })

  it('Requests to a server that negotiates HTTP/2 but does not speak it are sent over HTTP/1.1', async () => {
    const { createServer } = await import('node:tls')
    const { certificate: cert, key } = await import('../../fixtures/certificate.ts')
    const protocols: unknown[] = []
    // It negotiates whatever it is asked for, and speaks HTTP/1.1.
    const server = createServer({ cert, key, ALPNProtocols: ['h2', 'http/1.1'] }, (socket) => {
      protocols.push(socket.alpnProtocol)
      socket
        .on('error', () => socket.destroy())
        .once('data', () => {
          socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
        })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    afterTest(() => server.close())
    const { port } = server.address() as { port: number }
    const sent = send(connect(), `https://localhost:${port}`, { method: 'POST', body: 'sent once' })
    await sent.done
    expect(sent.text).toBe('ok')
    expect(protocols).toEqual(['h2', 'http/1.1'])
  })
})

describe('Requests to one origin do not depend on each other', () => {
  it('A request without a timeout connects, although another one times out again and again', async () => {
    const { createServer } = await import('node:net')
    const target = await serveFrames({
      request: ({ send }, id) => send(eventStreamHead(id), encodeData(id, 'a', true)),
    })
    const { port } = new URL(target.origin)
    const { connect: connectTcp } = await import('node:net')
    // What arrives is passed on late, so that a handshake takes 400 ms.
    const slow = createServer((socket) => {
      const upstream = connectTcp(Number(port), 'localhost')
      for (const each of [socket, upstream]) each.on('error', () => {})
      socket.on('data', (chunk) => setTimeout(() => upstream.write(chunk), 200)).on('close', () => upstream.destroy())
      upstream.pipe(socket)
    })
    await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve))
    afterTest(() => slow.close())
    const origin = `https://localhost:${(slow.address() as { port: number }).port}`
    const connections = connect({ pingInterval: 5_000 })
    afterTest(() => connections.destroy())
    const patient = send(connections, origin)
    let hasConnected = false
    void patient.responded.then(() => {
      hasConnected = true
    })
    for (let attempt = 0; attempt < 20 && !hasConnected; attempt++) {
      const impatient = send(connections, origin)
      await pause(100)
      impatient.abort(true)
    }
    await patient.done
    expect(patient.text).toBe('a')
  })
})

describe('A server that wants HTTP/1.1 for a request gets it', () => {
  it('A request that is reset with HTTP_1_1_REQUIRED is sent again over HTTP/1.1', async () => {
    const paths: string[] = []
    const server = await startHttp2Server((request, response) => {
      paths.push(request.httpVersion)
      if (request.httpVersion === '2.0') {
        const { stream } = response as unknown as { stream: ServerHttp2Stream }
        stream.close(errorCodes.HTTP_1_1_REQUIRED)
      } else response.end('ok')
    })
    afterTest(() => server.close())
    const sent = send(connect(), server.origin, { method: 'POST', body: 'a' })
    await sent.done
    expect(sent.text).toBe('ok')
    expect(paths).toEqual(['2.0', '1.1'])
  })
})

describe('A server that asks for HTTP/1.1 but does not speak it gets HTTP/2 again', () => {
  it('After a failed attempt over HTTP/1.1, the next one uses HTTP/2 again', async () => {
    let requests = 0
    const server = await serveFrames({
      request({ send }, id) {
        requests++
        if (requests === 1) send(encodeReset('HTTP_1_1_REQUIRED', id))
        else send(eventStreamHead(id), encodeData(id, 'a', true))
      },
    })
    const connections = connect()
    await expect(send(connections, server.origin).done).rejects.toThrow('no application protocol')
    const next = send(connections, server.origin)
    await next.done
    expect(next.text).toBe('a')
    expect(requests).toBe(2)
  })
})

describe('TLS connections follow the server', () => {
  it('A server that wants a client certificate is reported at once', async () => {
    const server = await startFrameServer({}, { requestCert: true, rejectUnauthorized: true })
    afterTest(server.close)
    const connections = connect({ pingInterval: 60_000 })
    afterTest(() => connections.destroy())
    await expect(send(connections, server.origin).done).rejects.toThrow(
      /^TLS failed for localhost:\d+: .*certificate required$/,
    )
  })

  it('A later connection to an origin resumes the TLS session', async () => {
    const resumed: boolean[] = []
    const server = await serveFrames({
      request({ send, socket }, id) {
        resumed.push(socket.isSessionReused())
        send(eventStreamHead(id), encodeData(id, 'a', true), encodeGoaway('NO_ERROR', id))
      },
    })
    const connections = connect()
    for (let round = 0; round < 2; round++) {
      await send(connections, server.origin).done
      await expect.poll(() => connections.size).toBe(0)
    }
    expect(resumed).toEqual([false, true])
  })
})

it('Each stream of a shared connection calls back in the async context of its own caller', async () => {
  const storage = new AsyncLocalStorage<string>()
  const server = await serveFrames({ request: ({ send }, id) => send(eventStreamHead(id), encodeData(id, 'open')) })
  const connections = connect()
  const seen: [caller: string, call: string, context: string | undefined][] = []
  const listen = (name: string): Promise<void> =>
    storage.run(name, async () => {
      await exchange(overNode(connections), createRequest(server.origin), {
        response: () => void seen.push([name, 'response', storage.getStore()]),
        bytes: () => void seen.push([name, 'bytes', storage.getStore()]),
        refuse() {},
      })
      seen.push([name, 'end', storage.getStore()])
    })
  const streams = ['a', 'b', 'c'].map(listen)
  await expect.poll(() => seen).toHaveLength(6)
  const late = listen('d')
  await expect.poll(() => seen).toHaveLength(8)
  for (const id of server.connections[0]?.streams ?? []) server.connections[0]?.send(encodeData(id, 'end', true))
  await Promise.all([...streams, late])
  expect(server.connections).toHaveLength(1)
  expect(seen).toHaveLength(16)
  expect(seen.filter(([caller, , context]) => caller !== context)).toEqual([])
})
