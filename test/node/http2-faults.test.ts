import { AsyncLocalStorage } from 'node:async_hooks'
import { once } from 'node:events'
import type { ServerHttp2Stream } from 'node:http2'
import { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { certificate } from '../../fixtures/certificate.ts'
import {
  eventStreamHead,
  type FrameConnection,
  type FrameScript,
  type FrameServer,
  startFrameServer,
} from '../../fixtures/http2/frame-server.ts'
import {
  type ErrorName,
  encodeData,
  encodeFrame,
  encodeGoaway,
  encodeHeaders,
  encodeReset,
  encodeSettings,
  encodeWindowUpdate,
  errorCodes,
  frameTypes,
} from '../../fixtures/http2/frames.ts'
import { Connections, type ConnectionsOptions } from '../../src/node/connections.ts'
import type { TransportRequest, TransportResponse } from '../../src/transport/transport.ts'
import { createRequest } from '../transport/record.ts'
import { overNode } from '../transport/transports.ts'
import { startHttp2Server } from './http2-server.ts'

const closers: (() => unknown)[] = []

afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()))
})

async function serve(script: FrameScript): Promise<FrameServer> {
  const server = await startFrameServer(script)
  closers.push(server.close)
  return server
}

const connect = (options: ConnectionsOptions = {}): Connections =>
  new Connections({ tls: { ca: certificate }, pingInterval: 200, ...options })

interface Sent {
  /** Fulfilled when the body has ended, rejected when the connection was lost. */
  readonly done: Promise<void>
  /** Fulfilled with the head of the response. */
  readonly responded: Promise<number>
  readonly head: Promise<TransportResponse>
  readonly text: string
  /** The message of a refusal. */
  readonly refusal: string | undefined
  /** A promise that the consumer is waiting for; undefined if it does not lag. */
  consumer: Promise<void> | undefined
  abort(hasTimedOut?: boolean): void
}

function send(connections: Connections, url: string, given: Partial<TransportRequest> = {}): Sent {
  const signal = { aborted: false, hasTimedOut: false, onabort: undefined as (() => void) | undefined }
  let respond = (_: TransportResponse): void => {}
  const head = new Promise<TransportResponse>((resolve) => {
    respond = resolve
  })
  const sent = {
    text: '',
    refusal: undefined as string | undefined,
    consumer: undefined as Promise<void> | undefined,
    head,
    responded: head.then(({ status }) => status),
    abort(hasTimedOut = false) {
      Object.assign(signal, { aborted: true, hasTimedOut })
      signal.onabort?.()
    },
  }
  const done = overNode(connections)(createRequest(url, { signal: signal as never, ...given }), {
    response: respond,
    bytes(chunk) {
      sent.text += Buffer.from(chunk)
      return sent.consumer
    },
    refuse(_, message) {
      sent.refusal = message
    },
  })
  done.catch(() => {})
  return Object.assign(sent, { done })
}

/** Sends a request to a server that answers every request with `answer`. */
async function ask(answer: FrameScript['request'], given: Partial<TransportRequest> = {}): Promise<Sent> {
  const server = await serve({ request: answer as NonNullable<FrameScript['request']> })
  return send(connect(), server.origin, given)
}

describe('A response over HTTP/2 that ends with END_STREAM is complete', () => {
  it.each<[string, NonNullable<FrameScript['request']>]>([
    ['ends with its last data', ({ send }, id) => send(eventStreamHead(id), encodeData(id, 'all', true))],
    [
      'ends with an empty DATA frame',
      ({ send }, id) => send(eventStreamHead(id), encodeData(id, 'all'), encodeData(id, '', true)),
    ],
    [
      'ends with trailers',
      ({ send }, id) => send(eventStreamHead(id), encodeData(id, 'all'), encodeHeaders(id, { 'x-sum': '1' }, true)),
    ],
    [
      'is followed by a reset of the stream, as for an upload that the server does not need',
      ({ send }, id) => send(eventStreamHead(id), encodeData(id, 'all', true), encodeReset('NO_ERROR', id)),
    ],
    [
      'follows informational responses',
      ({ send }, id) =>
        send(
          encodeHeaders(id, { ':status': '100' }),
          encodeHeaders(id, { ':status': '103', link: '</a>' }),
          eventStreamHead(id),
          encodeData(id, 'all', true),
        ),
    ],
    [
      'is followed by a GOAWAY',
      ({ send, socket }, id) => {
        send(eventStreamHead(id), encodeData(id, 'all', true), encodeGoaway('NO_ERROR', id))
        socket.end()
      },
    ],
  ])('A response that %s is complete', async (_, answer) => {
    const sent = await ask(answer)
    await sent.done
    expect(sent.text).toBe('all')
  })

  it('A response with several Content-Type headers has all of them, in order', async () => {
    const sent = await ask(({ send }, id) =>
      send(
        encodeHeaders(
          id,
          [
            [':status', '200'],
            ['content-type', 'text/plain'],
            ['content-type', 'text/event-stream'],
          ],
          true,
        ),
      ),
    )
    expect((await sent.head)?.contentType).toBe('text/plain, text/event-stream')
  })

  it('A response whose head ends the stream is complete', async () => {
    const sent = await ask(({ send }, id) => send(encodeHeaders(id, { ':status': '204' }, true)))
    await sent.done
    expect(await sent.responded).toBe(204)
  })

  it('A response whose consumer lags is delivered completely', async () => {
    const sent = await ask(({ send }, id) =>
      send(eventStreamHead(id), encodeData(id, 'one '), encodeData(id, 'two '), encodeData(id, 'three', true)),
    )
    sent.consumer = pause(50)
    await sent.done
    expect(sent.text).toBe('one two three')
  })
})

describe('A response over HTTP/2 that breaks off loses the connection', () => {
  const names = Object.keys(errorCodes) as ErrorName[]

  it.each(names)('A reset with code %s after the first data loses the connection', async (name) => {
    const sent = await ask(({ send }, id) => send(eventStreamHead(id), encodeData(id, 'half'), encodeReset(name, id)))
    await expect(sent.done).rejects.toThrow(`the server reset the stream (${name})`)
  })

  it.each(names)('A reset with code %s after the response head loses the connection', async (name) => {
    const sent = await ask(({ send }, id) => send(eventStreamHead(id), encodeReset(name, id)))
    await expect(sent.done).rejects.toThrow(`the server reset the stream (${name})`)
  })

  // The request is sent again where the server names another protocol.
  const lost = names.filter((name) => name !== 'HTTP_1_1_REQUIRED')

  it.each(lost)('A reset with code %s before the response head loses the connection', async (name) => {
    const sent = await ask(({ send }, id) => send(encodeReset(name, id)))
    await expect(sent.done).rejects.toThrow(`the server reset the stream (${name})`)
  })

  it.each(names)('A reset with code %s while the consumer lags loses the connection', async (name) => {
    const server = await serve({
      request({ send }, id) {
        send(eventStreamHead(id), encodeData(id, 'half'))
        setTimeout(() => send(encodeData(id, 'more'), encodeReset(name, id)), 20)
      },
    })
    const sent = send(connect(), server.origin)
    sent.consumer = pause(100)
    await expect(sent.done).rejects.toThrow(`the server reset the stream (${name})`)
  })

  it.each<[string, NonNullable<FrameScript['request']>]>([
    ['is closed', ({ socket }) => socket.end()],
    ['is closed without close_notify', ({ truncate }) => truncate()],
    ['is reset', ({ reset }) => reset()],
    ['gets a TLS alert', ({ sendRaw }) => sendRaw(Buffer.from([21, 3, 3, 0, 2, 2, 80]))],
    ['carries an invalid frame', ({ send }) => send(encodeFrame(frameTypes.SETTINGS, 0, 1, Buffer.alloc(6)))],
    ['carries a DATA frame of a stream that is idle', ({ send }) => send(encodeData(99, 'a'))],
    ['gets a GOAWAY with an error', ({ send }, id) => send(encodeGoaway('ENHANCE_YOUR_CALM', id))],
    [
      'is closed after a graceful GOAWAY',
      ({ send, socket }, id) => {
        send(encodeGoaway('NO_ERROR', id))
        socket.end()
      },
    ],
    [
      'is reset after a graceful GOAWAY',
      ({ send, reset }, id) => {
        send(encodeGoaway('NO_ERROR', id))
        setTimeout(reset, 20)
      },
    ],
  ])('A response whose connection %s loses the connection', async (_, breakOff) => {
    for (const delay of [0, 20]) {
      const sent = await ask((connection, id) => {
        connection.send(eventStreamHead(id), encodeData(id, 'half'))
        setTimeout(() => breakOff(connection, id), delay)
      })
      await expect(sent.done).rejects.toThrow()
    }
  })

  it('A response whose head is cut off loses the connection', async () => {
    const sent = await ask(({ send, socket }, id) => {
      send(eventStreamHead(id).subarray(0, 20))
      socket.end()
    })
    await expect(sent.done).rejects.toThrow('the connection was closed before the end of the response')
  })

  it('A response whose header block never ends loses the connection', { timeout: 20_000 }, async () => {
    const sent = await ask(({ socket }, id) => {
      const part = encodeHeaders(id, { 'x-flood': 'a'.repeat(16_000) }).subarray(9)
      socket.write(encodeFrame(frameTypes.HEADERS, 0, id, part))
      const flood = (): void => {
        while (socket.writable && socket.write(encodeFrame(frameTypes.CONTINUATION, 0, id, part)));
        if (socket.writable) socket.once('drain', flood)
      }
      flood()
    })
    await expect(sent.done).rejects.toThrow()
  })
})

describe('A graceful GOAWAY loses no stream', () => {
  it('Streams up to the last stream ID of a GOAWAY continue to their end, and new streams use another connection', async () => {
    const server = await serve({
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
    const server = await serve({
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
  const server = await serve({
    request({ send, streams, socket }, id) {
      if (streams.length > 3) return
      send(eventStreamHead(id), encodeData(id, 'answered', true))
      if (streams.length === 3) send(encodeGoaway('NO_ERROR', id))
      if (streams.length === 3) socket.end()
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
    const server = await serve({
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
    const server = await serve({ request: ({ send }, id) => send(encodeReset('REFUSED_STREAM', id)) })
    await expect(send(connect(), server.origin).done).rejects.toThrow('REFUSED_STREAM')
    expect(server.connections).toHaveLength(2)
  })

  it('A refused request whose body is a stream is not sent again', async () => {
    const server = await serve({ request: ({ send }, id) => send(encodeReset('REFUSED_STREAM', id)) })
    const body = Readable.from(['a']) as unknown as string
    await expect(send(connect(), server.origin, { method: 'POST', body }).done).rejects.toThrow('REFUSED_STREAM')
    expect(server.connections).toHaveLength(1)
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
    const server = await serve(dying)
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
    const server = await serve({ ...dying, answersPing: false })
    const sent = send(connect(), server.origin)
    await sent.responded
    await expect(sent.done).rejects.toThrow('the connection is dead: no answer to an HTTP/2 PING')
    await expect.poll(() => server.openConnections).toBe(0)
  })

  it('A silent connection that answers PINGs stays open', async () => {
    const server = await serve(dying)
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
    const server = await serve({
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
    const server = await serve({ request: ({ send }, id) => send(eventStreamHead(id), encodeData(id, 'a', true)) })
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
    const server = await serve({
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
    const server = await serve({
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
    const server = await serve({
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
    const server = await serve({ settings: { MAX_CONCURRENT_STREAMS: 0 } })
    await expect(send(connect({ pingInterval: 50 }), server.origin).done).rejects.toThrow(
      'the server allows no HTTP/2 streams',
    )
    await expect.poll(() => server.openConnections).toBe(0)
  })

  it('Open streams continue when the server allows fewer, and new streams use another connection', async () => {
    const server = await serve({
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
    closers.push(() => server.close())
    const { port } = server.address() as { port: number }
    const sent = send(connect(), `https://localhost:${port}`, { method: 'POST', body: 'sent once' })
    await sent.done
    expect(sent.text).toBe('ok')
    expect(protocols).toEqual(['h2', 'http/1.1'])
  })
})

describe('What has arrived over HTTP/2 is delivered, although the connection is lost while the consumer lags', () => {
  const text = 'x'.repeat(100_000)

  /** Sends the text in frames. */
  function sendText({ send }: FrameConnection, id: number, isEnd: boolean): void {
    send(eventStreamHead(id))
    for (let start = 0; start < text.length; start += 10_000) {
      send(encodeData(id, text.slice(start, start + 10_000), isEnd && start === 90_000))
    }
  }

  async function receive(isEnd: boolean, lose: (connection: FrameConnection) => void): Promise<Sent> {
    const server = await serve({
      request(connection, id) {
        sendText(connection, id, isEnd)
        setTimeout(() => lose(connection), 100)
      },
    })
    const sent = send(connect(), server.origin, { method: 'POST', body: 'a' })
    let catchUp = (): void => {}
    sent.consumer = new Promise((resolve) => {
      catchUp = resolve
    })
    await sent.responded
    await expect.poll(() => server.openConnections).toBe(0)
    sent.consumer = undefined
    catchUp()
    return sent
  }

  it.each<[string, (connection: FrameConnection) => void]>([
    ['closed', ({ socket }) => socket.end()],
    ['reset', ({ reset }) => reset()],
  ])('A complete response is complete when the connection is %s', async (_, lose) => {
    const sent = await receive(true, lose)
    await sent.done
    expect(sent.text).toBe(text)
  })

  it('The part of a torn response that has arrived is delivered before the loss is reported', async () => {
    const sent = await receive(false, ({ socket }) => socket.end())
    await expect(sent.done).rejects.toThrow('the connection was closed')
    expect(sent.text).toBe(text)
  })
})

describe('Requests to one origin do not depend on each other', () => {
  it('A request without a timeout connects, although another one times out again and again', async () => {
    const { createServer } = await import('node:net')
    const target = await serve({ request: ({ send }, id) => send(eventStreamHead(id), encodeData(id, 'a', true)) })
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
    closers.push(() => slow.close())
    const origin = `https://localhost:${(slow.address() as { port: number }).port}`
    const connections = connect({ pingInterval: 5_000 })
    closers.push(() => connections.destroy())
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
    closers.push(() => server.close())
    const sent = send(connect(), server.origin, { method: 'POST', body: 'a' })
    await sent.done
    expect(sent.text).toBe('ok')
    expect(paths).toEqual(['2.0', '1.1'])
  })
})

describe('A server that asks for HTTP/1.1 but does not speak it gets HTTP/2 again', () => {
  it('After a failed attempt over HTTP/1.1, the next one uses HTTP/2 again', async () => {
    let requests = 0
    const server = await serve({
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
    closers.push(server.close)
    const connections = connect({ pingInterval: 60_000 })
    closers.push(() => connections.destroy())
    await expect(send(connections, server.origin).done).rejects.toThrow(/^TLS failed: .*certificate required$/)
  })

  it('A later connection to an origin resumes the TLS session', async () => {
    const resumed: boolean[] = []
    const server = await serve({
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

describe('A body is uploaded over HTTP/2', () => {
  it('An aborted upload destroys its source and leaves the connection open', async () => {
    for (const [windowSize, isRead] of [
      [0, false],
      [65_535, false],
      [65_535, true],
    ] as const) {
      const server = await serve({
        settings: { INITIAL_WINDOW_SIZE: windowSize },
        frame({ send }, { type, streamId, payload }) {
          if (!isRead || type !== frameTypes.DATA || !payload.length) return
          for (const id of [0, streamId]) send(encodeWindowUpdate(id, payload.length))
        },
        request: ({ send }, id) => send(eventStreamHead(id), encodeData(id, 'begun')),
      })
      let reads = 0
      const source = new Readable({
        read() {
          reads++
          setImmediate(() => this.push(Buffer.alloc(65_536)))
        },
      })
      const sent = send(connect(), server.origin, { method: 'POST', body: source as unknown as string })
      await sent.responded
      await pause(30)
      const closed = once(source, 'close')
      sent.abort()
      await closed
      const before = reads
      await pause(50)
      expect(reads).toBe(before)
      expect(server.openConnections).toBe(1)
    }
  })

  it('An upload larger than the flow-control window arrives completely', async () => {
    let received = 0
    const server = await serve({
      frame({ send }, { type, streamId, payload, flags }) {
        if (type !== frameTypes.DATA) return
        received += payload.length
        for (const id of [0, streamId]) send(encodeWindowUpdate(id, Math.max(1, payload.length)))
        if (flags & 1) send(eventStreamHead(streamId), encodeData(streamId, 'thanks', true))
      },
    })
    const chunks = Array.from({ length: 20 }, () => Buffer.alloc(50_000, 'a'))
    const body = Readable.from(chunks) as unknown as string
    const sent = send(connect(), server.origin, { method: 'POST', body })
    await sent.done
    expect(sent.text).toBe('thanks')
    expect(received).toBe(1_000_000)
  })

  it('An upload stops when the response is complete', async () => {
    const server = await serve({
      request: ({ send }, id) => send(encodeHeaders(id, { ':status': '413' }), encodeData(id, 'too large', true)),
    })
    const source = new Readable({ read() {} })
    source.push('begun')
    const sent = send(connect(), server.origin, { method: 'POST', body: source as unknown as string })
    await sent.done
    expect(sent.text).toBe('too large')
    expect(source.destroyed).toBe(true)
  })

  it('An upload whose source fails loses the connection, and the error contains the cause', async () => {
    const server = await serve({})
    const source = new Readable({ read() {} })
    source.push('begun')
    const sent = send(connect(), server.origin, { method: 'POST', body: source as unknown as string })
    await expect.poll(() => server.connections[0]?.frames.some(({ type }) => type === frameTypes.DATA)).toBe(true)
    source.destroy(new Error('the disk is gone'))
    await expect(sent.done).rejects.toThrow('the request body failed: the disk is gone')
    await expect.poll(() => server.connections[0]?.frames.some(({ type }) => type === frameTypes.RST_STREAM)).toBe(true)
  })
})

describe('The headers of a request over HTTP/2 are checked before they are sent', () => {
  it.each<[string, Partial<TransportRequest>, string]>([
    [
      'a header with a control character',
      { headers: new Headers({ 'Last-Event-ID': '\x01' }) },
      'invalid last-event-id header',
    ],
    [
      'the Content-Length of another body',
      { method: 'POST', body: 'a', headers: new Headers({ 'Content-Length': '5' }) },
      'content-length',
    ],
  ])('A request with %s is refused without affecting other streams', async (_, given, message) => {
    const server = await serve({ request: ({ send }, id) => send(eventStreamHead(id), encodeData(id, 'open')) })
    const connections = connect()
    const other = send(connections, server.origin)
    await other.responded
    const refused = send(connections, server.origin, given)
    await refused.done
    expect(refused.refusal).toContain(message)
    server.connections[0]?.send(encodeData(1, ' still', true))
    await other.done
    expect(other.text).toBe('open still')
  })

  it('A request can have a header of 100 kB', async () => {
    const server = await serve({ request: ({ send }, id) => send(eventStreamHead(id), encodeData(id, 'a', true)) })
    const headers = new Headers({ 'Last-Event-ID': 'a'.repeat(100_000) })
    await send(connect(), server.origin, { headers }).done
  })

  it('A response can have a header of 60 kB', async () => {
    const server = await serve({
      request: ({ send }, id) =>
        send(encodeHeaders(id, { ':status': '200', 'x-long': 'a'.repeat(60_000) }), encodeData(id, 'a', true)),
    })
    await send(connect(), server.origin).done
  })
})

it('Each stream of a shared connection calls back in the async context of its own caller', async () => {
  const storage = new AsyncLocalStorage<string>()
  const server = await serve({ request: ({ send }, id) => send(eventStreamHead(id), encodeData(id, 'open')) })
  const connections = connect()
  const seen: [caller: string, call: string, context: string | undefined][] = []
  const listen = (name: string): Promise<void> =>
    storage.run(name, async () => {
      await overNode(connections)(createRequest(server.origin), {
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
