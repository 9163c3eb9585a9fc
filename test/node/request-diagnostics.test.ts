import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import type { ClientRequest, IncomingHttpHeaders } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { certificate, key } from '../../fixtures/certificate.ts'
import { Connections } from '../../src/node/connections.ts'
import { startHttpServer } from '../http-server.ts'
import { exchange } from '../transport/exchange.ts'
import { createRequest, record } from '../transport/record.ts'
import { overNode } from '../transport/transports.ts'
import { startHttp2Server } from './http2-server.ts'

interface Traced {
  readonly request: { readonly origin: string; readonly path: string; addHeader(name: string, value: string): void }
  readonly response?: { readonly statusCode: number }
  readonly error?: Error
}

const undo: (() => unknown)[] = []

afterEach(async () => {
  await Promise.all(undo.splice(0).map((call) => call()))
})

/** Subscribes as tracers do: adds a header to each request, and notes what becomes of it. */
function trace(): string[] {
  const seen: string[] = []
  const listen = (name: string, note: (message: Traced) => void): void => {
    const listener = (message: unknown): void => note(message as Traced)
    subscribe(name, listener)
    undo.push(() => unsubscribe(name, listener))
  }
  listen('undici:request:create', ({ request }) => {
    seen.push(`create ${request.path}`)
    request.addHeader('traceparent', '00-a-b-01')
  })
  listen('undici:request:headers', ({ response }) => seen.push(`headers ${response?.statusCode}`))
  listen('undici:request:trailers', () => seen.push('trailers'))
  listen('undici:request:error', ({ error }) => seen.push(`error ${error?.message}`))
  return seen
}

describe.each(['HTTP/1.1', 'HTTP/2'])('Tracers see requests over %s', (protocol) => {
  let headers: IncomingHttpHeaders

  async function serve(isEndless = false): Promise<string> {
    const answer = (
      request: { headers: IncomingHttpHeaders },
      response: { write(text: string): unknown; end(): unknown },
    ): void => {
      headers = request.headers
      response.write('data: a\n\n')
      if (!isEndless) response.end()
    }
    const server = await (protocol === 'HTTP/2' ? startHttp2Server(answer) : startHttpServer(answer))
    undo.push(() => server.close())
    return server.origin
  }

  const connections = (): Connections => new Connections({ tls: { ca: certificate } })

  it('A tracer adds a header to a request, and sees its response and its end', async () => {
    const seen = trace()
    await record(overNode(connections()), createRequest(`${await serve()}/feed?a=1`))
    expect(headers['traceparent']).toBe('00-a-b-01')
    expect(seen).toEqual(['create /feed?a=1', 'headers 200', 'trailers'])
  })

  it('A tracer sees once that a request was aborted', async () => {
    const seen = trace()
    const controller = new AbortController()
    const sent = exchange(overNode(connections()), createRequest(await serve(true), { signal: controller.signal }), {
      response() {},
      bytes: () => controller.abort() as undefined,
      refuse() {},
    })
    await expect(sent).rejects.toThrow('aborted')
    expect(seen).toEqual(['create /', 'headers 200', 'error the request was aborted'])
  })
})

describe('Tracers that listen to Node itself see a request once', () => {
  /** What Node reports of requests, as a tracer reads it. */
  function traceHttp(): string[] {
    const seen: string[] = []
    const listener = (message: unknown): void => {
      const { protocol, host, path } = (message as { request: ClientRequest }).request
      seen.push(`${protocol}//${host}${path}`)
    }
    subscribe('http.client.request.start', listener)
    undo.push(() => unsubscribe('http.client.request.start', listener))
    return seen
  }

  it('A tracer of newer versions of Node, which sees that a request was created, does not see it twice', async () => {
    const undici = trace()
    const listener = (): void => {}
    subscribe('http.client.request.created', listener)
    undo.push(() => unsubscribe('http.client.request.created', listener))
    const server = await startHttpServer((_, response) => response.end())
    undo.push(() => server.close())
    await record(overNode(new Connections()), createRequest(`${server.origin}/feed`))
    expect(undici).toEqual([])
  })

  it('A request over HTTP/1.1 is reported with its host and scheme, and once', async () => {
    const http = traceHttp()
    const undici = trace()
    const server = await startHttpServer((_, response) => response.end())
    undo.push(() => server.close())
    await record(overNode(new Connections()), createRequest(`${server.origin}/feed`))
    expect(http).toEqual(['http://127.0.0.1/feed'])
    expect(undici).toEqual([])
  })

  it('A request over TLS is reported with its scheme', async () => {
    const http = traceHttp()
    const server = createServer({ key, cert: certificate }, (_, response) => response.end()).listen(0, '127.0.0.1')
    await once(server, 'listening')
    undo.push(() => server.close())
    const { port } = server.address() as AddressInfo
    const connections = new Connections({ tls: { ca: certificate } })
    undo.push(() => connections.destroy())
    await record(overNode(connections), createRequest(`https://127.0.0.1:${port}/feed`))
    expect(http).toEqual(['https://127.0.0.1/feed'])
  })
})
