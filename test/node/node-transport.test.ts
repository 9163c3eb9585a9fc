import type { ServerResponse } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import process from 'node:process'
import { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { Agent, type Dispatcher, interceptors, MockAgent, RetryAgent } from 'undici'
import { describe, expect, it } from 'vitest'
import { certificate } from '../../fixtures/certificate.ts'
import { Connections } from '../../src/node/connections.ts'
import { exchange } from '../transport/exchange.ts'
import { createRequest, record, textOf } from '../transport/record.ts'
import { serve } from '../transport/serve.ts'
import { overNode } from '../transport/transports.ts'
import { startHttp2Server } from './http2-server.ts'

describe('A request in Node has its own headers', () => {
  it('The request has everysource as its User-Agent and lists the codings that it accepts', async () => {
    const seen: unknown[] = []
    const origin = await serve(({ headers }, response) => {
      seen.push(headers)
      response.end()
    })
    await record(overNode(), createRequest(origin))
    expect(seen).toEqual([
      {
        accept: 'text/event-stream',
        'accept-encoding': expect.stringMatching(/^gzip, deflate, br/),
        'cache-control': 'no-cache',
        connection: 'keep-alive',
        host: new URL(origin).host,
        pragma: 'no-cache',
        'user-agent': 'everysource',
      },
    ])
  })

  it.each(['Expect', 'HTTP2-Settings', 'Keep-Alive', 'Proxy-Connection', 'TE', 'Transfer-Encoding', 'Upgrade'])(
    'A request with the header %s, which belongs to the connection, is refused',
    async (name) => {
      let requests = 0
      const origin = await serve((_, response) => {
        requests++
        response.end()
      })
      const headers = new Headers({ [name]: 'close' })
      const { refusal, response } = await record(overNode(), createRequest(origin, { headers }))
      expect(response).toBeUndefined()
      expect(refusal).toEqual({
        reason: 'unsupported',
        message: `header "${name.toLowerCase()}" belongs to the connection, not to a request`,
        response: undefined,
      })
      expect(requests).toBe(0)
    },
  )

  it('A request whose Content-Length is not a number is refused', async () => {
    const headers = new Headers({ 'Content-Length': 'abc' })
    const { refusal } = await record(overNode(), createRequest('http://127.0.0.1:9/', { headers }))
    expect(refusal).toMatchObject({ reason: 'unsupported', message: expect.stringContaining('content-length') })
  })

  it('A request can set the headers Connection and Host', async () => {
    const seen: unknown[] = []
    const origin = await serve(({ headers: { connection, host } }, response) => {
      seen.push({ connection, host })
      response.end()
    })
    await record(
      overNode(),
      createRequest(origin, { headers: new Headers({ Connection: 'close', Host: 'a.example' }) }),
    )
    expect(seen).toEqual([{ connection: 'close', host: 'a.example' }])
  })

  it.each([
    ['with a control character', { headers: new Headers({ 'Last-Event-ID': '\x01' }) }, 'invalid last-event-id header'],
    [
      'with a Content-Length that is not that of its body',
      { method: 'POST', body: 'a', headers: new Headers({ 'Content-Length': '5' }) },
      'content-length',
    ],
  ])('A request that cannot be sent, %s, is refused', async (_request, given, message) => {
    const origin = await serve((_, response) => void response.end())
    const { refusal } = await record(overNode(), createRequest(origin, given))
    expect(refusal).toMatchObject({ reason: 'unsupported', message: expect.stringContaining(message) })
  })

  it.each<[string, () => Readable, string]>([
    ['has objects', () => Readable.from([{ a: 1 }]), 'it must be text or bytes'],
    ['was destroyed', () => new Readable().destroy(), 'read or closed before it was sent'],
    [
      'has failed',
      () => new Readable({ read: () => {} }).on('error', () => {}).destroy(new Error('no such file')),
      'no such file',
    ],
  ])('A request whose body is a stream that %s fails with the reason', async (_, create, message) => {
    const origin = await serve((request, response) => {
      request.resume().on('end', () => response.end())
    })
    const body = create() as never
    const http2 = await startHttp2Server((request, response) => {
      request.resume().on('end', () => response.end())
    })
    const connections = new Connections({ tls: { ca: certificate } })
    try {
      await expect(record(overNode(), createRequest(origin, { method: 'POST', body }))).rejects.toThrow(message)
      const request = createRequest(http2.origin, { method: 'POST', body: create() as never })
      await expect(record(overNode(connections), request)).rejects.toThrow(message)
    } finally {
      connections.destroy()
      await http2.close()
    }
  })

  it('A 303 cancels a body that is still being sent, and is followed', async () => {
    for (const status of [303, 307]) {
      const origin = await serve((request, response) => {
        if (request.url === '/next') return void response.end('arrived')
        // The server answers before it has read the whole body.
        request.once('data', () => response.writeHead(status, { Location: '/next' }).end())
      })
      let cancel = (): void => {}
      const cancelled = new Promise<void>((resolve) => {
        cancel = resolve
      })
      const body = new ReadableStream({ start: (controller) => controller.enqueue(Buffer.from('begun')), cancel })
      const sent = record(overNode(), createRequest(`${origin}/`, { method: 'POST', body: body as unknown as string }))
      const recording = await sent
      if (status === 303) expect(textOf(recording)).toBe('arrived')
      else {
        expect(recording.refusal).toMatchObject({
          reason: 'body-used',
          message: expect.stringContaining('status 307 asks for the body again'),
        })
      }
      await cancelled
    }
  })
})

describe('A dispatcher can be given', () => {
  it.each([[{}], [{ dispatch: true }], [() => {}], [1], ['http://proxy.example:3128']])(
    'A value that is not a dispatcher is rejected at once: %o',
    (dispatcher) => {
      expect(() => overNode(dispatcher as Dispatcher)).toThrow(
        /^dispatcher is .+, not a Dispatcher of undici 7 or newer$/,
      )
    },
  )

  it('A dispatcher has its own limit for silence, and the default one has none', async () => {
    const responses: ServerResponse[] = []
    const origin = await serve((_, response) => {
      responses.push(response)
      response.write('begun ')
    })
    const limited = record(overNode(new Agent({ bodyTimeout: 500 })), createRequest(origin))
    const ours = record(overNode(), createRequest(origin))
    await expect(limited).rejects.toThrow('Body Timeout Error')
    await expect.poll(() => responses.length).toBe(2)
    for (const response of responses) response.end('and done')
    expect(textOf(await ours)).toBe('begun and done')
  })

  it('A dispatcher can be a MockAgent of undici', async () => {
    const mock = new MockAgent()
    mock.disableNetConnect()
    mock
      .get('http://feed.example')
      .intercept({ path: '/a?b=c', headers: { accept: 'text/event-stream' } })
      .reply(200, 'data: a\n\n', { headers: { 'content-type': 'text/event-stream' } })
    const recording = await record(overNode(mock), createRequest('http://feed.example/a?b=c'))
    expect(recording.response?.headers.get('content-type')).toBe('text/event-stream')
    expect(textOf(recording)).toBe('data: a\n\n')
    await expect(record(overNode(mock), createRequest('http://feed.example/other'))).rejects.toThrow()
    await mock.close()
  })

  it.each([
    [
      'a composed dispatcher',
      () => new Agent().compose(interceptors.dns(), (dispatch) => (options, handler) => dispatch(options, handler)),
    ],
    ['a RetryAgent', () => new RetryAgent(new Agent())],
    [
      'any object with a dispatch method',
      () => {
        const agent = new Agent()
        const { dispatch } = agent
        return { dispatch: dispatch.bind(agent) } as Agent
      },
    ],
  ])('A dispatcher can be %s', async (_name, create) => {
    const origin = await serve((_, response) => {
      response.writeHead(200).end('data: a\n\n')
    })
    expect(textOf(await record(overNode(create()), createRequest(origin.replace('127.0.0.1', 'localhost'))))).toBe(
      'data: a\n\n',
    )
  })

  it('A dispatcher can report header names in any case, and values that no header can have', async () => {
    const headers = { 'Content-Type': 'text/event-stream', 'X-Reason': ['a', 'b'], 'X-Odd': '\u0100' }
    const agent = new Agent().compose(
      (dispatch) => (options, handler) =>
        dispatch(options, {
          onRequestStart: handler.onRequestStart?.bind(handler) ?? (() => {}),
          onResponseStart: (controller, status) => handler.onResponseStart?.(controller, status, headers),
          onResponseData: handler.onResponseData?.bind(handler) ?? (() => {}),
          onResponseEnd: handler.onResponseEnd?.bind(handler) ?? (() => {}),
          onResponseError: handler.onResponseError?.bind(handler) ?? (() => {}),
        }),
    )
    const origin = await serve((_, response) => {
      response.end('data: a\n\n')
    })
    const { response } = await record(overNode(agent), createRequest(origin))
    expect(response?.header('content-type')).toBe('text/event-stream')
    expect([...(response?.headers ?? [])]).toEqual([
      ['content-type', 'text/event-stream'],
      ['x-reason', 'a, b'],
    ])
  })

  it('A dispatcher that is closed loses the connection', async () => {
    const agent = new Agent()
    await agent.close()
    await expect(record(overNode(agent), createRequest('http://127.0.0.1:1/'))).rejects.toThrow(
      'The client is destroyed',
    )
  })

  it('A dispatcher is not closed when a stream ends', async () => {
    const agent = new Agent()
    let end = (): unknown => undefined
    const origin = await serve((_, response) => {
      end = () => response.end()
      response.write('data: a\n\n')
    })
    for (let times = 0; times < 2; times++) {
      await exchange(overNode(agent), createRequest(origin), { response() {}, bytes: () => void end(), refuse() {} })
    }
    expect(agent.closed).toBe(false)
    await agent.close()
  })
})

describe("Requests are sent over a caller's dispatcher", () => {
  it('A dispatcher is called once for each request, and not before', async () => {
    const origin = await serve((request, response) => void response.end(request.headers.authorization))
    let calls = 0
    const agent = new Agent().compose((dispatch) => (options, handler) => {
      calls++
      void Promise.resolve('a token').then((token) =>
        dispatch({ ...options, headers: { ...(options.headers as object), authorization: token } }, handler),
      )
      return true
    })
    const transport = overNode(agent)
    expect(calls).toBe(0)
    expect(textOf(await record(transport, createRequest(origin)))).toBe('a token')
    expect(calls).toBe(1)
  })

  it('A dispatcher that throws loses the connection without an unhandled rejection', async () => {
    const unhandled: unknown[] = []
    const note = (reason: unknown): void => void unhandled.push(reason)
    process.on('unhandledRejection', note)
    const dispatcher = {
      dispatch() {
        throw new Error('no way')
      },
    }
    const controller = new AbortController()
    const sent = record(
      overNode(dispatcher as never),
      createRequest('http://127.0.0.1:1', { signal: controller.signal }),
    )
    await expect(sent).rejects.toThrow('no way')
    controller.abort()
    await new Promise(setImmediate)
    process.off('unhandledRejection', note)
    expect(unhandled).toEqual([])
  })

  it('A dispatcher of an older undici is refused when it throws', async () => {
    const dispatcher = {
      dispatch() {
        throw new TypeError('invalid onError method')
      },
    }
    const { refusal } = await record(overNode(dispatcher as never), createRequest('http://127.0.0.1:1'))
    expect(refusal).toMatchObject({ reason: 'unsupported', message: expect.stringContaining('undici 7 or newer') })
  })

  it('A dispatcher does not crash the process when a connection closes while the consumer lags', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => socket.destroy())
      socket.once('data', () => socket.end(`HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(200_000)}`))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    let received = 0
    await exchange(overNode(new Agent()), createRequest(`http://127.0.0.1:${port}`), {
      response() {},
      async bytes(chunk) {
        received += chunk.length
        await pause(100)
      },
      refuse() {},
    })
    server.close()
    expect(received).toBe(200_000)
  })
})
