import { afterEach, describe, expect, it, vi } from 'vitest'
import type { FetchLike } from '../../src/options/event-source-init.ts'
import { readSettings } from '../../src/options/settings.ts'
import { createTransport } from '../../src/transport/default.ts'
import { startHttpServer } from '../http-server.ts'
import { createRequest, record, textOf } from './record.ts'

const url = 'http://feed.example/'

afterEach(() => {
  vi.unstubAllGlobals()
})

/** A fetch function that records its calls, and the transport over it. */
function createFetch(response: () => Response = () => new Response('')) {
  const calls: { url: string | URL; init: RequestInit }[] = []
  const fetch: FetchLike = async (url, init) => {
    calls.push({ url, init: { ...init } })
    return response()
  }
  return { fetch, calls, transport: createTransport(readSettings(url, { fetch })) }
}

const redirect = (): Response => new Response(null, { status: 302, headers: { Location: 'http://other.example/' } })

describe("A fetch of the caller's is called once for every attempt", () => {
  it('A given fetch that adds a token never sees the URL that a redirect leads to', async () => {
    const { calls, transport } = createFetch(redirect)
    const { refusal } = await record(transport, createRequest(url))
    expect(calls).toMatchObject([{ url, init: { redirect: 'follow' } }])
    expect(refusal?.reason).toBe('redirect')
    expect(refusal?.response?.status).toBe(302)
  })

  it("A given fetch receives redirect: 'error' if the source does", async () => {
    const { calls, transport } = createFetch()
    await record(transport, createRequest(url, { redirect: 'error' }))
    expect(calls).toMatchObject([{ init: { redirect: 'error' } }])
  })

  it('A global fetch that somebody has replaced is called once, too', async () => {
    const { fetch, calls } = createFetch(redirect)
    vi.stubGlobal('fetch', fetch)
    const { refusal } = await record(createTransport(readSettings(url, {})), createRequest(url))
    expect(calls).toMatchObject([{ url, init: { redirect: 'follow' } }])
    expect(refusal?.reason).toBe('redirect')
  })

  it("The runtime's own fetch is called again for a redirect, and secrets do not leave their origin", async () => {
    const seen: Record<string, unknown>[] = []
    const other = await startHttpServer(({ headers }, response) => {
      seen.push(headers)
      response.end('arrived')
    })
    const first = await startHttpServer((_, response) => response.writeHead(302, { Location: other.origin }).end())
    try {
      const headers = new Headers({ 'X-Api-Key': 'secret', Accept: 'text/event-stream' })
      const recording = await record(createTransport(readSettings(url, {})), createRequest(first.origin, { headers }))
      expect(textOf(recording)).toBe('arrived')
      expect(seen).toMatchObject([{ accept: 'text/event-stream' }])
      expect(seen[0]).not.toHaveProperty('x-api-key')
    } finally {
      await first.close()
      await other.close()
    }
  })
})

describe('The transport adapts a request to the runtime', () => {
  it('The names of headers are capitalized, so that a spread replaces them', async () => {
    const { calls, transport } = createFetch()
    const headers = new Headers({ accept: 'a', 'last-event-id': '1', 'x-api-key': 'b' })
    await record(transport, createRequest(url, { headers }))
    expect(Object.keys(calls[0]?.init.headers ?? {}).toSorted()).toEqual(['Accept', 'Last-Event-ID', 'X-Api-Key'])
  })

  it.each(['Deno/2.5.0', 'Bun/1.3.0'])('%s sends the Cache-Control that its fetch leaves out', async (userAgent) => {
    vi.stubGlobal('navigator', { userAgent })
    const { calls, transport } = createFetch()
    await record(transport, createRequest(url))
    expect(calls[0]?.init.headers).toMatchObject({ 'Cache-Control': 'no-cache' })
  })

  it("The caller's own Cache-Control is kept", async () => {
    vi.stubGlobal('navigator', { userAgent: 'Deno/2.5.0' })
    const { calls, transport } = createFetch()
    await record(transport, createRequest(url, { headers: new Headers({ 'Cache-Control': 'max-age=0' }) }))
    expect(calls[0]?.init.headers).toMatchObject({ 'Cache-Control': 'max-age=0' })
  })

  it('Members of RequestInit that fetch would throw for are left out, as in old versions of workerd', async () => {
    vi.stubGlobal('Request', class {})
    const { calls, transport } = createFetch()
    await record(transport, createRequest(url))
    expect(Object.keys(calls[0]?.init ?? {})).not.toContain('cache')
    expect(Object.keys(calls[0]?.init ?? {})).not.toContain('credentials')
  })

  it('The last event ID is not encoded twice where the runtime encodes headers', async () => {
    const headers = new Headers({ 'Last-Event-ID': Buffer.from('名').toString('latin1') })
    const bytes = createFetch()
    await record(bytes.transport, createRequest(url, { headers }))
    expect(bytes.calls[0]?.init.headers).toMatchObject({ 'Last-Event-ID': headers.get('Last-Event-ID') })
    vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' })
    const encoding = createFetch()
    await record(encoding.transport, createRequest(url, { headers }))
    expect(encoding.calls[0]?.init.headers).toMatchObject({ 'Last-Event-ID': '名' })
  })
})
