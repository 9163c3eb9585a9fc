import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Fetch } from '../../src/options/event-source-init.ts'
import { createFetchTransport } from '../../src/transport/fetch.ts'
import { redirectingFetch } from '../../src/transport/redirecting-fetch.ts'
import { createRequest, record, textOf } from './record.ts'

afterEach(() => {
  vi.unstubAllGlobals()
})

describe('A redirect is followed by the transport', () => {
  it('A redirect releases the connection of the response that it leaves', async () => {
    const cancelled: string[] = []
    const fetch: Fetch = async (url) => {
      if (url.endsWith('/next')) return new Response('arrived')
      const body = new ReadableStream({ cancel: () => void cancelled.push(url) })
      return new Response(body, { status: 302, headers: { Location: '/next' } })
    }
    const transport = createFetchTransport(fetch, redirectingFetch)
    expect(textOf(await record(transport, createRequest('http://feed.example/')))).toBe('arrived')
    expect(cancelled).toEqual(['http://feed.example/'])
  })

  it("A redirect is followed although the body of node-fetch's response cannot be canceled", async () => {
    const fetch: Fetch = async (url) => {
      if (url.endsWith('/next')) return new Response('arrived')
      const headers = new Headers({ Location: '/next' })
      return { status: 302, headers, body: { pipe() {} } } as unknown as Response
    }
    const transport = createFetchTransport(fetch, redirectingFetch)
    expect(textOf(await record(transport, createRequest('http://feed.example/')))).toBe('arrived')
  })
})

describe('The transport replaces what a runtime lacks', () => {
  /** Records the calls of a given fetch function, and answers with the responses in turn. */
  function createFetch(...responses: Response[]): { fetch: Fetch; calls: { url: string; init: RequestInit }[] } {
    const calls: { url: string; init: RequestInit }[] = []
    const fetch: Fetch = async (url, init) => {
      calls.push({ url, init: { ...init } })
      return responses[calls.length - 1] ?? new Response('')
    }
    return { fetch, calls }
  }

  const redirect = (): Response => new Response(null, { status: 302, headers: { Location: '/next' } })

  it('The transport replaces nothing in a browser, where the platform follows redirects', async () => {
    vi.stubGlobal(
      'Request',
      class {
        readonly headers = new Headers()
        get cache(): string {
          return ''
        }
        get credentials(): string {
          return ''
        }
      },
    )
    const { fetch, calls } = createFetch()
    await record(createFetchTransport(fetch, redirectingFetch), createRequest('http://feed.example/'))
    expect(calls).toMatchObject([{ init: { redirect: 'follow', cache: 'no-store', credentials: 'same-origin' } }])
  })

  it('The transport replaces nothing where there is no Request to detect it by', async () => {
    vi.stubGlobal('Request', undefined)
    const { fetch, calls } = createFetch()
    await record(createFetchTransport(fetch, redirectingFetch), createRequest('http://feed.example/'))
    expect(calls).toMatchObject([{ init: { redirect: 'follow' } }])
  })

  it('Every redirect is a request of its own with the given fetch where redirects are visible', async () => {
    const { fetch, calls } = createFetch(redirect(), new Response('arrived'))
    const recording = await record(
      createFetchTransport(fetch, redirectingFetch),
      createRequest('http://feed.example/a'),
    )
    expect(textOf(recording)).toBe('arrived')
    expect(calls.map(({ url, init }) => [url, init.redirect])).toEqual([
      ['http://feed.example/a', 'manual'],
      ['http://feed.example/next', 'manual'],
    ])
  })

  it('Members of RequestInit are omitted where fetch would throw because of them, as in workerd', async () => {
    vi.stubGlobal('Request', class extends Request {})
    const { fetch, calls } = createFetch()
    await record(createFetchTransport(fetch, redirectingFetch), createRequest('http://feed.example/'))
    expect(calls[0]?.init).toMatchObject({ cache: 'no-store', credentials: 'same-origin' })

    vi.stubGlobal(
      'Request',
      class {
        readonly headers = new Headers({ cookie: '' })
      },
    )
    const old = createFetch()
    await record(createFetchTransport(old.fetch, redirectingFetch), createRequest('http://feed.example/'))
    expect(Object.keys(old.calls[0]?.init ?? {}).toSorted()).toEqual([
      'body',
      'duplex',
      'headers',
      'method',
      'redirect',
      'signal',
    ])
  })

  it('The last event ID is not encoded twice where the runtime encodes headers itself', async () => {
    const lastEventId = Buffer.from('名').toString('latin1')
    const bytes = createFetch()
    const request = createRequest('http://feed.example/', { headers: new Headers({ 'Last-Event-ID': lastEventId }) })
    await record(createFetchTransport(bytes.fetch, redirectingFetch), request)
    expect(new Headers(bytes.calls[0]?.init.headers).get('Last-Event-ID')).toBe(lastEventId)

    /** A mock of workerd's Headers, which accept any character. */
    class EncodingHeaders extends Map<string, string> {
      constructor(init: Iterable<readonly [string, string]> | Record<string, string> = []) {
        super(Symbol.iterator in init ? [...init] : Object.entries(init))
      }
    }
    vi.stubGlobal('Headers', EncodingHeaders)
    vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' })
    const encoding = createFetch()
    await record(createFetchTransport(encoding.fetch, redirectingFetch), request)
    expect(encoding.calls[0]?.init.headers).toMatchObject({ 'last-event-id': '名' })
  })
})
