import { once } from 'node:events'
import { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { eventStreamHead, type FrameConnection, type FrameScript } from '../../fixtures/http2/frame-server.ts'
import {
  type ErrorName,
  encodeData,
  encodeFrame,
  encodeGoaway,
  encodeHeaders,
  encodeReset,
  encodeWindowUpdate,
  errorCodes,
  frameTypes,
} from '../../fixtures/http2/frames.ts'
import type { TransportRequest } from '../../src/transport/transport.ts'
import { serve } from '../transport/serve.ts'
import { afterTest, ask, connect, type Sent, send, serveFrames } from './http2-client.ts'
import { startHttp2Server } from './http2-server.ts'

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
    expect((await sent.head)?.header('content-type')).toBe('text/plain, text/event-stream')
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

/** What is said about a reset: with some codes, the client resets a stream, too. */
const resetBy = (name: string): string =>
  /^(PROTOCOL|INTERNAL|FLOW_CONTROL|FRAME_SIZE)_ERROR$|^STREAM_CLOSED$|^ENHANCE_YOUR_CALM$/.test(name)
    ? `the stream was reset (${name}), by the server or because its response is invalid, before the end of the response`
    : `the server reset the stream (${name}) before the end of the response`

describe('A response over HTTP/2 that breaks off loses the connection', () => {
  const names = Object.keys(errorCodes) as ErrorName[]

  it.each(names)('A reset with code %s after the first data loses the connection', async (name) => {
    const sent = await ask(({ send }, id) => send(eventStreamHead(id), encodeData(id, 'half'), encodeReset(name, id)))
    await expect(sent.done).rejects.toThrow(resetBy(name))
  })

  it.each(names)('A reset with code %s after the response head loses the connection', async (name) => {
    const sent = await ask(({ send }, id) => send(eventStreamHead(id), encodeReset(name, id)))
    await expect(sent.done).rejects.toThrow(resetBy(name))
  })

  // The request is sent again where the server names another protocol.
  const lost = names.filter((name) => name !== 'HTTP_1_1_REQUIRED')

  it.each(lost)('A reset with code %s before the response head loses the connection', async (name) => {
    const sent = await ask(({ send }, id) => send(encodeReset(name, id)))
    await expect(sent.done).rejects.toThrow(resetBy(name))
  })

  it.each(names)('A reset with code %s while the consumer lags loses the connection', async (name) => {
    const server = await serveFrames({
      request({ send }, id) {
        send(eventStreamHead(id), encodeData(id, 'half'))
        setTimeout(() => send(encodeData(id, 'more'), encodeReset(name, id)), 20)
      },
    })
    const sent = send(connect(), server.origin)
    sent.consumer = pause(100)
    await expect(sent.done).rejects.toThrow(resetBy(name))
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

  it.each<[string, NonNullable<FrameScript['request']>]>([
    [
      'longer than its Content-Length',
      ({ send }, id) =>
        send(encodeHeaders(id, { ':status': '200', 'content-length': '5' }), encodeData(id, 'data: too long')),
    ],
    ['101 Switching Protocols', ({ send }, id) => send(encodeHeaders(id, { ':status': '101' }))],
    [
      'a head with thousands of fields',
      ({ send }, id) =>
        send(
          encodeHeaders(id, [
            [':status', '200'],
            ...Array.from({ length: 2_500 }, (_, index): [string, string] => ['a', `${index}`]),
          ]),
        ),
    ],
  ])('The server is not said to have reset the stream of an invalid response: %s', async (_, answer) => {
    const sent = await ask(answer)
    await expect(sent.done).rejects.toThrow(
      /^the stream was reset \([A-Z_]+\), by the server or because its response is invalid, before/,
    )
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

describe('Data that has arrived over HTTP/2 is delivered, although the connection is lost while the consumer lags', () => {
  const text = 'x'.repeat(100_000)

  /** Sends the text in frames. */
  function sendText({ send }: FrameConnection, id: number, isEnd: boolean): void {
    send(eventStreamHead(id))
    for (let start = 0; start < text.length; start += 10_000) {
      send(encodeData(id, text.slice(start, start + 10_000), isEnd && start === 90_000))
    }
  }

  async function receive(isEnd: boolean, lose: (connection: FrameConnection) => void): Promise<Sent> {
    const server = await serveFrames({
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

  it('The data of a response that breaks off is delivered before the loss is reported', async () => {
    const sent = await receive(false, ({ socket }) => socket.end())
    await expect(sent.done).rejects.toThrow('the connection was closed')
    expect(sent.text).toBe(text)
  })
})

describe('A body is uploaded over HTTP/2', () => {
  it('An aborted upload destroys its source and leaves the connection open', async () => {
    for (const [windowSize, isRead] of [
      [0, false],
      [65_535, false],
      [65_535, true],
    ] as const) {
      const server = await serveFrames({
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
    const server = await serveFrames({
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
    const server = await serveFrames({
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
    const server = await serveFrames({})
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
    const server = await serveFrames({ request: ({ send }, id) => send(eventStreamHead(id), encodeData(id, 'open')) })
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

  it.each([
    ['POST', undefined, '0'],
    ['POST', '', '0'],
    ['PUT', new Uint8Array(0), '0'],
    ['PATCH', undefined, '0'],
    ['POST', 'abc', '3'],
    ['DELETE', undefined, undefined],
    ['GET', undefined, undefined],
  ])('The Content-Length of a %s with the body %j is %j, as over HTTP/1.1', async (method, body, length) => {
    const lengths: unknown[] = []
    const server = await startHttp2Server(({ headers, httpVersion }, response) => {
      lengths.push([httpVersion, headers['content-length']])
      response.end()
    })
    afterTest(server.close)
    const connections = connect()
    await send(connections, server.origin, { method, body }).done
    connections.destroy()
    const overHttp1 = await serve(({ headers, httpVersion }, response) => {
      lengths.push([httpVersion, headers['content-length']])
      response.end()
    })
    await send(connect(), overHttp1, { method, body }).done
    expect(lengths).toEqual([
      ['2.0', length],
      ['1.1', length],
    ])
  })

  it('A request can have a header of 100 kB', async () => {
    const server = await serveFrames({
      request: ({ send }, id) => send(eventStreamHead(id), encodeData(id, 'a', true)),
    })
    const headers = new Headers({ 'Last-Event-ID': 'a'.repeat(100_000) })
    await send(connect(), server.origin, { headers }).done
  })

  it('A response can have a header of 60 kB', async () => {
    const server = await serveFrames({
      request: ({ send }, id) =>
        send(encodeHeaders(id, { ':status': '200', 'x-long': 'a'.repeat(60_000) }), encodeData(id, 'a', true)),
    })
    await send(connect(), server.origin).done
  })
})
