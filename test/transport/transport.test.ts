import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import type { TransportHandler, TransportRequest } from '../../src/transport/transport.ts'
import { startHttpServer } from '../http-server.ts'
import { stalls } from '../node/stalls.ts'
import { exchange } from './exchange.ts'
import { createRequest, type Recording, record, textOf } from './record.ts'
import { serve } from './serve.ts'
import { transports } from './transports.ts'

const closers: (() => unknown)[] = []

afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()))
})

/** Answers every request with these bytes, and closes the connection. */
async function serveBytes(...bytes: (string | Uint8Array)[]): Promise<string> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.once('data', () => socket.end(Buffer.concat(bytes.map((part) => Buffer.from(part as string, 'latin1')))))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const latin1 = (text: string): string => Buffer.from(text).toString('latin1')

describe.each(transports)('The transport over %s sends requests', (_transport, createTransport) => {
  const send = (url: string, given?: Partial<TransportRequest>): Promise<Recording> =>
    record(createTransport(), createRequest(url, given))

  /** Sends a request and passes its body to `bytes`. */
  const listen = (url: string, bytes: TransportHandler['bytes'], given?: Partial<TransportRequest>): Promise<void> =>
    exchange(createTransport(), createRequest(url, given), { response() {}, bytes, refuse() {} })

  describe('The request is sent as given', () => {
    /** Sends a request, and returns what the server received. */
    async function seen(
      given: Partial<TransportRequest>,
      path = '/',
    ): Promise<Pick<IncomingMessage, 'headers' | 'method' | 'rawHeaders' | 'url'> & { body: string }> {
      const requests: Awaited<ReturnType<typeof seen>>[] = []
      const origin = await serve(async (request, response) => {
        const { headers, method, rawHeaders, url } = request
        requests.push({ headers, method, rawHeaders, url, body: (await buffer(request)).toString('latin1') })
        response.end()
      })
      await send(`${origin}${path}`, given)
      const [request] = requests
      if (requests.length !== 1 || !request) throw new Error(`${requests.length} requests`)
      return request
    }

    it('The request has the path and the query of the URL without its fragment', async () => {
      expect((await seen({}, '/a%20b/?c=d%2F#fragment')).url).toBe('/a%20b/?c=d%2F')
    })

    it.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'REPORT', 'QUERY'])(
      'The request has the given method %s',
      async (method) => {
        expect((await seen({ method })).method).toBe(method)
      },
    )

    it('The request has the given headers, Latin-1 as bytes, and tells caches to store nothing', async () => {
      const { headers } = await seen({
        headers: new Headers([
          ['Accept', 'text/event-stream'],
          ['X-Twice', '1'],
          ['X-Twice', '2'],
          ['X-Empty', ''],
          ['X-Latin-1', 'é'],
          ['Last-Event-ID', latin1('名前')],
        ]),
      })
      expect(headers).toMatchObject({
        accept: 'text/event-stream',
        'x-twice': '1, 2',
        'x-empty': '',
        'x-latin-1': 'é',
        'last-event-id': latin1('名前'),
        pragma: 'no-cache',
        'cache-control': 'no-cache',
        'accept-encoding': expect.stringContaining('gzip'),
      })
    })

    it("The caller's User-Agent, Accept-Encoding and Cache-Control take precedence", async () => {
      const given = { 'user-agent': 'me', 'accept-encoding': 'identity', 'cache-control': 'max-age=0' }
      expect((await seen({ headers: new Headers(given) })).headers).toMatchObject(given)
    })

    const form = new FormData()
    form.set('a', 'b')
    const bytes = Uint8Array.of(0, 128, 255)
    it.each([
      ['text', () => 'é', latin1('é'), 'text/plain;charset=UTF-8'],
      ['nothing', () => '', '', 'text/plain;charset=UTF-8'],
      ['bytes', () => bytes, '\0\x80\xff', undefined],
      ['a part of a buffer', () => bytes.subarray(1, 2), '\x80', undefined],
      ['a buffer', () => bytes.buffer, '\0\x80\xff', undefined],
      ['a blob', () => new Blob(['a', 'b'], { type: 'a/b' }), 'ab', 'a/b'],
      ['a query', () => new URLSearchParams('a=b+c'), 'a=b+c', 'application/x-www-form-urlencoded;charset=UTF-8'],
      [
        'a form',
        () => form,
        expect.stringContaining('name="a"'),
        expect.stringMatching(/^multipart\/form-data; bound/),
      ],
      ['a stream', () => new Blob(['a', 'b']).stream(), 'ab', undefined],
    ])('The request can have a body that is %s, and has its type', async (_body, create, body, type) => {
      const sent = await seen({ method: 'POST', body: create() as string })
      expect(sent.body).toEqual(body)
      expect(sent.headers['content-type']).toEqual(type)
    })

    it('The request has the given type for its body', async () => {
      const { headers } = await seen({ method: 'POST', headers: new Headers({ 'Content-Type': 'a/b' }), body: '{}' })
      expect(headers['content-type']).toBe('a/b')
    })

    it('The connection is lost if the stream that is the body fails', async () => {
      const origin = await serve((request) => request.resume())
      const body = new ReadableStream({ pull: (controller) => controller.error(new Error('no more')) })
      await expect(send(origin, { method: 'POST', body: body as unknown as string })).rejects.toThrow()
    })
  })

  describe('The response is reported as received', () => {
    it('The response is reported with its URL, its status and its headers', async () => {
      const origin = await serve((_, response) => {
        response.writeHead(503, { 'Content-Type': 'text/plain', 'X-Twice': ['1', '2'], 'Set-Cookie': ['a=1', 'b=2'] })
        response.end('busy')
      })
      const { response } = await send(`${origin}/a?b#c`)
      expect(response).toMatchObject({ url: `${origin}/a?b`, status: 503 })
      expect(response?.headers.get('content-type')).toBe('text/plain')
      expect(response?.headers.get('x-twice')).toBe('1, 2')
      expect(response?.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
    })

    it('The headers of the response are Latin-1, one character for each byte', async () => {
      const origin = await serveBytes('HTTP/1.1 200 OK\r\nX-Latin-1: é\r\nX-UTF-8: ', Buffer.from('é'), '\r\n\r\n')
      const { response } = await send(origin)
      expect(response?.headers.get('x-latin-1')).toBe('é')
      expect(response?.headers.get('x-utf-8')).toBe(latin1('é'))
    })

    it('Informational responses are not reported', async () => {
      const origin = await serve((_, response) => {
        response.writeProcessing()
        response.writeEarlyHints({ link: '</a>; rel=preload' })
        response.end('the one that counts')
      })
      const recording = await send(origin)
      expect(recording.response?.status).toBe(200)
      expect(recording.response?.headers.get('link')).toBeNull()
      expect(textOf(recording)).toBe('the one that counts')
    })

    it.each([200, 201, 204, 300, 304, 305, 306, 399, 401, 404, 429, 500, 599])(
      'A response can have status %d',
      async (status) => {
        const origin = await serve((_, response) => void response.writeHead(status, { Location: '/next' }).end())
        const { response, refusal } = await send(origin)
        expect(response?.status).toBe(status)
        expect(refusal).toBeUndefined()
      },
    )

    it.each([
      ['of a HEAD', 200, 'HEAD'],
      ['with status 204', 204, 'GET'],
      ['with status 304', 304, 'GET'],
    ])('The response %s has no body, whatever its headers say', async (_response, status, method) => {
      const headers = { 'Content-Encoding': 'gzip', ...(status === 200 && { 'Content-Length': '100' }) }
      const origin = await serve((_, response) => void response.writeHead(status, headers).end())
      const recording = await send(origin, { method })
      expect(recording.response?.status).toBe(status)
      expect(recording.chunks).toEqual([])
    })

    it('The response of a data: or blob: URL is like that of a server', async () => {
      const blob = new Blob(['data: a\n\n'], { type: 'text/event-stream' })
      const blobUrl = URL.createObjectURL(blob)
      closers.push(() => URL.revokeObjectURL(blobUrl))
      for (const url of ['data:text/event-stream,data:%20a%0A%0A', blobUrl]) {
        const recording = await send(url)
        expect(recording.response).toMatchObject({ url, status: 200 })
        expect(recording.response?.headers.get('content-type')).toBe('text/event-stream')
        expect(textOf(recording)).toBe('data: a\n\n')
      }
    })

    it.each([
      ['empty', ''],
      ['not HTTP', 'hello\r\n\r\n'],
      ['half a head', 'HTTP/1.1 200 OK\r\nContent-Ty'],
    ])('The connection is lost if the response is %s', async (_response, bytes) => {
      await expect(send(await serveBytes(bytes))).rejects.toThrow()
    })

    it('The connection is lost if nobody listens', async () => {
      const { origin, close } = await startHttpServer(() => {})
      await close()
      await expect(send(origin)).rejects.toThrow()
    })
  })

  describe('The body is reported as received', () => {
    const anyChunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 50 }), { maxLength: 20 })

    it('The body is reported in order and unchanged', async () => {
      let chunks: Uint8Array[] = []
      const origin = await serve((_, response) => {
        for (const chunk of chunks) response.write(chunk)
        response.end()
      })
      await fc.assert(
        fc.asyncProperty(anyChunks, async (given) => {
          chunks = given
          const recording = await send(origin)
          expect(Buffer.concat(recording.chunks)).toEqual(Buffer.concat(chunks))
        }),
        { numRuns: 20 },
      )
    })

    it('The body is reported as it arrives, before the server sends more', async () => {
      let goOn = (): void => {}
      const origin = await serve(async (_, response) => {
        for (let number = 0; number < 5; number++) {
          const reported = new Promise<void>((resolve) => {
            goOn = resolve
          })
          response.write(`${number}`)
          await reported
        }
        response.end()
      })
      const chunks: string[] = []
      await listen(origin, (chunk) => {
        chunks.push(`${Buffer.from(chunk)}`)
        goOn()
        return undefined
      })
      expect(chunks).toEqual(['0', '1', '2', '3', '4'])
    })

    it.each([
      ['with a length', 'Content-Length: 10\r\n\r\nall of it.'],
      ['in chunks', 'Transfer-Encoding: chunked\r\n\r\na\r\nall of it.\r\n0\r\n\r\n'],
      ['until the connection is closed', '\r\nall of it.'],
    ])('The body can be sent %s', async (_body, rest) => {
      expect(textOf(await send(await serveBytes(`HTTP/1.1 200 OK\r\n${rest}`)))).toBe('all of it.')
    })

    it.each([
      ['with a length', 'Content-Length: 10\r\n\r\nall'],
      ['in chunks', 'Transfer-Encoding: chunked\r\n\r\na\r\nall'],
      ['in chunks without the last one', 'Transfer-Encoding: chunked\r\n\r\n3\r\nall\r\n'],
    ])('A body that breaks off, sent %s, is reported so far and loses the connection', async (_body, rest) => {
      const chunks: string[] = []
      const sent = listen(
        await serveBytes(`HTTP/1.1 200 OK\r\n${rest}`),
        (chunk) => void chunks.push(`${Buffer.from(chunk)}`),
      )
      await expect(sent).rejects.toThrow()
      expect(chunks.join('')).toBe('all')
    })

    it('The body is not reported further while its reader is behind, and then complete', async () => {
      const pieces = Array.from({ length: 100 }, (_, index) => `${index} `)
      const chunked = pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`).join('')
      const origin = await serveBytes(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}0\r\n\r\n`)
      let received = ''
      let isBehind = false
      await listen(origin, async (chunk) => {
        expect(isBehind).toBe(false)
        isBehind = true
        received += Buffer.from(chunk)
        await new Promise((resolve) => setTimeout(resolve, 10))
        isBehind = false
      })
      expect(received).toBe(pieces.join(''))
    })

    it('The body is not read while its reader is behind, so that the server has to wait', async () => {
      const chunk = Buffer.alloc(65_536, 'a')
      const total = 32 * 1_024 * 1_024
      let sent = 0
      let isEnough = false
      const write = async (response: ServerResponse): Promise<void> => {
        while (sent < total && !isEnough) {
          sent += chunk.length
          if (!response.write(chunk)) await once(response, 'drain')
        }
        response.end()
      }
      const origin = await serve((_, response) => void write(response))
      let resume = (): void => {}
      const paused = new Promise<void>((resolve) => {
        resume = resolve
      })
      let received = 0
      const done = listen(origin, (bytes) => {
        received += bytes.length
        return paused
      })
      await stalls(() => sent)
      expect(sent).toBeLessThan(total / 2)
      expect(received).toBeLessThan(1_024 * 1_024)
      isEnough = true
      resume()
      await done
      expect(received).toBe(sent)
    })
  })

  describe('An aborted request closes its connection', () => {
    it('A request that is aborted before it is sent is not sent', async () => {
      let requests = 0
      const origin = await serve((_, response) => {
        requests++
        response.end()
      })
      const controller = new AbortController()
      const sent = send(origin, { signal: controller.signal })
      controller.abort()
      await expect(sent).rejects.toThrow()
      await send(origin)
      expect(requests).toBe(1)
    })

    it.each([
      'its body is being sent',
      'nothing has come',
      'a part of the body has come',
      'nothing more comes',
      'its reader is behind',
      'it is decompressed',
    ])('An abort closes the connection while %s', async (stage) => {
      const controller = new AbortController()
      const { signal } = controller
      const abort = (): void => controller.abort()
      const closed: Promise<unknown>[] = []
      const origin = await serve((request, response) => {
        closed.push(once(response, 'close'))
        request.once('data', () => stage === 'its body is being sent' && abort())
        if (stage === 'nothing has come') return abort()
        if (stage === 'it is decompressed') response.setHeader('Content-Encoding', 'gzip')
        if (stage === 'it is decompressed') response.write(gzipSync(Buffer.alloc(10_000_000, 'a')))
        else if (stage !== 'its body is being sent') response.write('a')
      })
      let chunks = 0
      const body =
        stage === 'its body is being sent'
          ? new ReadableStream({ start: (stream) => stream.enqueue(Buffer.from('begun')) })
          : undefined
      const sent = listen(
        origin,
        () => {
          chunks++
          if (stage === 'nothing more comes') setImmediate(abort)
          else if (stage !== 'its reader is behind') abort()
          if (stage !== 'its reader is behind') return undefined
          setImmediate(abort)
          return new Promise(() => {})
        },
        { signal, method: body ? 'POST' : 'GET', body: body as unknown as string },
      )
      // The transport over fetch ends only with the pause.
      sent.catch(() => {})
      await expect.poll(() => closed.length).toBe(1)
      await Promise.all(closed)
      expect(chunks).toBeLessThanOrEqual(1)
    })
  })
})
