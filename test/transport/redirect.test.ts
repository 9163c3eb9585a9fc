import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRequest, type Recording, record, textOf } from './record.ts'
import { serve } from './serve.ts'
import { transports } from './transports.ts'

interface SeenRequest {
  readonly method: string | undefined
  readonly path: string | undefined
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

interface Answer {
  readonly status?: number
  readonly headers?: Record<string, string>
  readonly body?: string
}

interface Site {
  readonly origin: string
  readonly seen: SeenRequest[]
}

/** Starts a server that records its requests. */
async function startSite(answer: (request: SeenRequest) => Answer): Promise<Site> {
  const seen: SeenRequest[] = []
  const origin = await serve(async (request, response) => {
    const { method, url: path, headers } = request
    const asked = { method, path, headers, body: await text(request) }
    seen.push(asked)
    const { status = 200, headers: answered = {}, body = '' } = answer(asked)
    response.writeHead(status, answered).end(body)
  })
  return { origin, seen }
}

/** Starts a server that redirects the path `/`, and answers other paths with a text about them. */
function redirecting(status: number, location: string | undefined): Promise<Site> {
  return startSite(({ path }) => {
    if (path !== '/') return { body: `this is ${path}` }
    return { status, headers: location === undefined ? {} : { Location: location } }
  })
}

const statuses = [301, 302, 303, 307, 308]

describe.each(transports)('Redirects are followed over %s', (_transport, createTransport) => {
  function send(url: string, given: Parameters<typeof createRequest>[1] = {}): Promise<Recording> {
    return record(createTransport(), createRequest(url, given))
  }

  describe('A redirect is followed as the Fetch standard describes', () => {
    const table = statuses.flatMap((status) =>
      ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'].map((method) => {
        const becomesGet = status === 303 ? method !== 'HEAD' : status < 303 && method === 'POST'
        return [status, method, becomesGet ? 'GET' : method] as const
      }),
    )

    it.each(table)('A redirect with status %d for a %s is followed with a %s', async (status, method, followed) => {
      const site = await redirecting(status, '/next')
      const hasBody = method !== 'GET' && method !== 'HEAD'
      const headers = new Headers({ 'Content-Type': 'text/plain', 'Content-Language': 'en', 'X-Key': 'sesame' })
      const { response } = await send(`${site.origin}/`, { method, headers, body: hasBody ? 'body' : undefined })
      expect(response).toMatchObject({ status: 200, url: `${site.origin}/next` })
      expect(site.seen.map((request) => [request.method, request.path])).toEqual([
        [method, '/'],
        [followed, '/next'],
      ])
      const [first, second] = site.seen
      expect(first?.body).toBe(hasBody ? 'body' : '')
      // The headers that describe the body are sent with it.
      const keepsBody = hasBody && followed !== 'GET'
      expect(second?.body).toBe(keepsBody ? 'body' : '')
      expect(second?.headers['x-key']).toBe('sesame')
      if (!hasBody) return
      expect(second?.headers['content-type']).toBe(keepsBody ? 'text/plain' : undefined)
      expect(second?.headers['content-language']).toBe(keepsBody ? 'en' : undefined)
    })

    it('Only the last response is reported', async () => {
      const site = await startSite(({ path }) =>
        path === '/'
          ? { status: 302, headers: { Location: '/next' }, body: 'moved' }
          : { status: 503, body: 'overloaded' },
      )
      const recording = await send(`${site.origin}/`)
      expect(recording.response?.status).toBe(503)
      expect(textOf(recording)).toBe('overloaded')
    })

    it('At most 20 redirects are followed', async () => {
      const site = await startSite(({ path = '' }) => {
        const left = Number(path.slice(1))
        return left === 0 ? { body: 'arrived' } : { status: 307, headers: { Location: `/${left - 1}` } }
      })
      expect(textOf(await send(`${site.origin}/20`))).toBe('arrived')
      expect(site.seen).toHaveLength(21)
      site.seen.length = 0
      const { refusal, response } = await send(`${site.origin}/21`)
      expect(response).toBeUndefined()
      expect(refusal).toMatchObject({ reason: 'redirect', response: { status: 307, url: `${site.origin}/1` } })
      expect(site.seen).toHaveLength(21)
    })

    it('A redirect of a one-shot body is not followed, except for a 303, which drops the body', async () => {
      for (const status of [307, 303]) {
        const site = await redirecting(status, '/next')
        const body = new Blob(['once']).stream() as unknown as string
        const sent = send(`${site.origin}/`, { method: 'POST', body })
        if (status === 303) expect(textOf(await sent)).toBe('this is /next')
        else {
          // The runtime's own fetch only says that it failed.
          const reason = await sent.then(
            ({ refusal }) => refusal?.reason,
            () => 'network',
          )
          expect(reason).toMatch(/^(body-used|network)$/)
        }
        expect(site.seen.map((request) => request.body)).toEqual(status === 307 ? ['once'] : ['once', ''])
      }
    })

    it('A redirect is not followed if redirects are errors', async () => {
      for (const status of statuses) {
        const site = await redirecting(status, '/next')
        const { refusal, response } = await send(`${site.origin}/`, { redirect: 'error' })
        expect(response).toBeUndefined()
        expect(refusal).toMatchObject({ reason: 'redirect', response: { status } })
        expect(refusal?.response?.headers.get('Location')).toBe('/next')
        expect(site.seen).toHaveLength(1)
      }
    })

    it('A redirect is not followed after the request is aborted', async () => {
      const controller = new AbortController()
      const site = await startSite(({ path }) => {
        if (path === '/next') controller.abort()
        return { status: 307, headers: { Location: '/next' } }
      })
      await expect(send(`${site.origin}/`, { signal: controller.signal })).rejects.toThrow()
      expect(site.seen).toHaveLength(2)
    })

    it('A redirect closes the connection of the response that it leaves', async () => {
      const closed: Promise<unknown>[] = []
      const origin = await serve((request, response) => {
        if (request.url === '/next') return void response.end('arrived')
        closed.push(once(response, 'close'))
        // The body never ends.
        response.writeHead(302, { Location: '/next' }).write('moved')
      })
      expect(textOf(await send(`${origin}/`))).toBe('arrived')
      await Promise.all(closed)
      expect(closed).toHaveLength(1)
    })
  })

  describe('The Location of a redirect is resolved', () => {
    it.each([
      ['/next', '/next'],
      ['next', '/a/next'],
      ['../next', '/next'],
      ['?b=c', '/a/b?b=c'],
      ['/next?a=%7E+b', '/next?a=%7E+b'],
      ['/next#fragment', '/next'],
      ['/a b', '/a%20b'],
      // Browsers decode the bytes as UTF-8.
      [Buffer.from('/é').toString('latin1'), '/%C3%A9'],
      [Buffer.from('/名前').toString('latin1'), '/%E5%90%8D%E5%89%8D'],
    ])('The Location %s is resolved against the URL of the response', async (location, path) => {
      const site = await startSite(({ path: asked }) =>
        asked === '/a/b' ? { status: 302, headers: { Location: location } } : { body: 'arrived' },
      )
      const { response } = await send(`${site.origin}/a/b`)
      expect(response?.status).toBe(200)
      expect(site.seen.at(-1)?.path).toBe(path)
    })

    it('The Location can be a host without a scheme', async () => {
      const other = await redirecting(302, undefined)
      const site = await redirecting(302, `${other.origin.replace('http:', '')}/next`)
      expect(textOf(await send(`${site.origin}/`))).toBe('this is /next')
      expect(other.seen).toHaveLength(1)
    })

    it('An empty Location is the URL of the response, again and again', async () => {
      const site = await redirecting(302, '')
      expect((await send(`${site.origin}/`)).refusal).toMatchObject({ reason: 'redirect' })
      expect(site.seen).toHaveLength(21)
    })

    it.each([
      ['missing', undefined],
      ['not a URL', 'http://['],
      ['without a host', 'http://'],
      ['another scheme: ftp', 'ftp://127.0.0.1/'],
      ['another scheme: file', 'file:///etc/hosts'],
      ['another scheme: data', 'data:text/event-stream,data:%20a%0A%0A'],
      ['another scheme: javascript', 'javascript:0'],
      ['another scheme: about', 'about:blank'],
      ['another scheme: blob', 'blob:http://127.0.0.1/1'],
    ])('An unusable Location is refused with the response: %s', async (_, location) => {
      for (const status of statuses) {
        const site = await redirecting(status, location)
        const { refusal, response } = await send(`${site.origin}/`)
        expect(response).toBeUndefined()
        expect(refusal).toMatchObject({ reason: 'redirect', response: { status } })
        expect(site.seen).toHaveLength(1)
      }
    })

    it('Credentials in the Location are not used', async () => {
      const other = await redirecting(302, undefined)
      for (const user of ['user:pass', 'user']) {
        const site = await redirecting(302, `${other.origin.replace('//', `//${user}@`)}/next`)
        const { response } = await send(`${site.origin}/`)
        expect(response).toMatchObject({ status: 200, url: `${other.origin}/next` })
        expect(other.seen.at(-1)?.headers.authorization).toBeUndefined()
      }
    })
  })

  describe('Secrets in headers stay within their origin', () => {
    const known = ['Authorization', 'Cookie', 'Proxy-Authorization', 'X-Api-Key', 'X-CSRF-Token', 'Accept-Language']
    const anyNames = fc
      .uniqueArray(fc.oneof(fc.constantFrom(...known), fc.stringMatching(/^x-[a-z\d-]{1,12}$/)), { minLength: 1 })
      .map((names) => [...new Set(names.map((name) => name.toLowerCase()))])

    function headersOf(names: readonly string[]): Headers {
      const ours = { Accept: 'text/event-stream', 'Last-Event-ID': '7' }
      return new Headers({ ...ours, ...Object.fromEntries(names.map((name) => [name, 'sesame'])) })
    }

    it('No header of the caller is sent to another origin or port, while Accept and Last-Event-ID are', async () => {
      const other = await redirecting(302, undefined)
      await fc.assert(
        fc.asyncProperty(anyNames, fc.constantFrom(...statuses), async (names, status) => {
          const site = await redirecting(status, `${other.origin}/next`)
          await send(`${site.origin}/`, { headers: headersOf(names) })
          const sent = site.seen[0]?.headers
          for (const name of names) expect(sent?.[name], name).toBe('sesame')
          const followed = other.seen.at(-1)?.headers ?? {}
          expect(JSON.stringify(followed)).not.toContain('sesame')
          expect(followed).toMatchObject({ accept: 'text/event-stream', 'last-event-id': '7' })
        }),
        { numRuns: 25 },
      )
    })

    it('All headers are sent again within the origin', async () => {
      await fc.assert(
        fc.asyncProperty(anyNames, fc.constantFrom(...statuses), async (names, status) => {
          const site = await redirecting(status, '/next')
          await send(`${site.origin}/`, { headers: headersOf(names) })
          for (const name of names) expect(site.seen[1]?.headers[name], name).toBe('sesame')
        }),
        { numRuns: 25 },
      )
    })

    it('The headers of the caller stay away when a later redirect returns to the origin', async () => {
      const home = await startSite(({ path }) =>
        path === '/' ? { status: 307, headers: { Location: `${away.origin}/` } } : { body: 'home again' },
      )
      const away = await startSite(() => ({ status: 307, headers: { Location: `${home.origin}/back` } }))
      expect(textOf(await send(`${home.origin}/`, { headers: headersOf(['x-key']) }))).toBe('home again')
      expect(home.seen.map(({ headers }) => headers['x-key'])).toEqual(['sesame', undefined])
    })

    it('A redirect does not change the headers that were given', async () => {
      const other = await redirecting(302, undefined)
      const site = await redirecting(303, `${other.origin}/next`)
      const headers = headersOf(['x-key', 'content-type'])
      await send(`${site.origin}/`, { headers, method: 'POST', body: 'a' })
      expect([...headers.keys()]).toEqual(['accept', 'content-type', 'last-event-id', 'x-key'])
    })

    it('The headers of the caller stay away even if the body and its type are sent to another origin', async () => {
      const other = await redirecting(302, undefined)
      const site = await redirecting(307, `${other.origin}/next`)
      const headers = headersOf(['x-key'])
      headers.set('Content-Type', 'application/json')
      await send(`${site.origin}/`, { headers, method: 'POST', body: '{}' })
      expect(other.seen).toMatchObject([
        { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } },
      ])
      expect(other.seen[0]?.headers['x-key']).toBeUndefined()
    })
  })
})
