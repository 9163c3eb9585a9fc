import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import type { AttemptContext, EventSourceInit, RequestOverrides } from '../src/options/event-source-init.ts'
import { readSettings } from '../src/options/settings.ts'
import { settle, useFakeTimers } from './fake-timers.ts'
import { interruptionOf, start, startAttempt, url } from './start-attempt.ts'

useFakeTimers()

describe('An attempt sends one request', () => {
  it('The request accepts event streams unless the caller sets Accept', async () => {
    const accept = async (init: EventSourceInit): Promise<string | null> =>
      (await start({ init })).latest.request.headers.get('Accept')
    expect(await accept({})).toBe('text/event-stream')
    expect(await accept({ headers: { accept: 'text/event-stream, */*' } })).toBe('text/event-stream, */*')
  })

  it('The request has its own copy of the headers, so that changes do not affect the next attempt', async () => {
    const settings = readSettings(url, { headers: { a: '1' } })
    const sent: string[] = []
    for (let attempt = 1; attempt <= 2; attempt++) {
      startAttempt(
        settings,
        { attempt, failures: 0, lastEventId: '', previous: undefined },
        {
          async send({ headers }) {
            sent.push(String(headers.get('a')))
            headers.set('a', 'changed')
          },
        },
        { open() {}, id() {}, message() {}, reconnectionTime() {}, ready: () => undefined, ended() {} },
      )
      await settle()
    }
    expect(sent).toEqual(['1', '1'])
  })

  it('The request sends any last event ID as UTF-8', async () => {
    const unit = fc.constantFrom('a', '7', ' ', '\t', 'é', '名', '🦄', '\ud800', '\udc00', '\u007f', '\u0001', ',', '"')
    await fc.assert(
      fc.asyncProperty(fc.string({ unit, minLength: 1 }), async (lastEventId) => {
        const { latest, attempt } = await start({ context: { lastEventId } })
        attempt.abort()
        const sent = String(latest.request.headers.get('Last-Event-ID'))
        const bytes = Uint8Array.from(sent, (character) => character.charCodeAt(0))
        // A lone surrogate cannot be encoded, and a header value has no white space at its ends.
        const encoded = new TextDecoder().decode(new TextEncoder().encode(lastEventId))
        expect(new TextDecoder().decode(bytes)).toBe(encoded.replace(/^[\t ]+|[\t ]+$/g, ''))
      }),
    )
  })

  it("The request has Last-Event-ID only for an ID that is not empty, which replaces the caller's header", async () => {
    const headers = { 'Last-Event-ID': 'mine' }
    expect((await start()).latest.request.headers.has('Last-Event-ID')).toBe(false)
    expect((await start({ init: { headers } })).latest.request.headers.get('Last-Event-ID')).toBe('mine')
    const { latest } = await start({ init: { headers }, context: { lastEventId: '7' } })
    expect(latest.request.headers.get('Last-Event-ID')).toBe('7')
  })

  it.each([
    ['http://feed.example/', '7', 'http://feed.example/?after=7'],
    ['http://feed.example/?a=%7E+b&c', '7', 'http://feed.example/?a=%7E+b&c&after=7'],
    ['http://feed.example/?after=6', '7', 'http://feed.example/?after=7'],
    ['http://feed.example/?after=5&after=6', '7', 'http://feed.example/?after=7'],
    ['http://feed.example/?afters=6', '7', 'http://feed.example/?afters=6&after=7'],
    ['http://feed.example/', 'a b&c=ü', 'http://feed.example/?after=a+b%26c%3D%C3%BC'],
    ['http://feed.example/?after=6', '', 'http://feed.example/?after=6'],
  ])('The request to %s puts the last event ID %o into the query', async (address, lastEventId, expected) => {
    const init = { lastEventIdQueryParam: 'after' }
    const { latest } = await start({ address, init, context: { lastEventId } })
    expect(latest.request.url).toBe(expected)
    expect(latest.request.headers.has('Last-Event-ID')).toBe(false)
  })

  it('The query parameter of the last event ID leaves the rest of the query unchanged', async () => {
    const anyQuery = fc.string({ unit: fc.constantFrom('a', '=', '&', '+', '?', '%7E', '%20', '~', '*', 'ü', "'") })
    await fc.assert(
      fc.asyncProperty(anyQuery, fc.string({ minLength: 1 }), async (query, lastEventId) => {
        const address = new URL(`http://feed.example/?${query}`)
        const init = { lastEventIdQueryParam: 'after' }
        const { latest, attempt } = await start({ address: address.href, init, context: { lastEventId } })
        attempt.abort()
        const sent = new URL(latest.request.url)
        expect(sent.searchParams.getAll('after')).toEqual([lastEventId])
        expect(sent.search.startsWith(address.search)).toBe(true)
      }),
    )
  })

  it.each([
    ['?q=a%20b&sig=x~y*(z)&after=1', '?q=a%20b&sig=x~y*(z)&after=7'],
    ['?after=1&q=a%20b&sig=x~y*(z)', '?q=a%20b&sig=x~y*(z)&after=7'],
    ['?%61fter=1&q=%2F', '?q=%2F&after=7'],
    ['?q&after&sig=', '?q&sig=&after=7'],
    ['??after=1', '??after=1&after=7'],
    ['?after=1&?after=2', '??after=2&after=7'],
    ['?q&?after=1', '?q&?after=1&after=7'],
  ])('The query %s becomes %s, since the rest of it may be signed', async (query, expected) => {
    const init = { lastEventIdQueryParam: 'after' }
    const { latest } = await start({ address: `${url}${query}`, init, context: { lastEventId: '7' } })
    expect(new URL(latest.request.url).search).toBe(expected)
  })

  it('Only the pairs of the parameter are cut out of the query, and the others keep their text and their order', async () => {
    const anyPair = fc.constantFrom<string>('q=a%20b', 'sig=x~y*(z)', 'a+b', '=', "it's=%E9", 'afters=1', '?after=1')
    const others = fc.array(anyPair, { maxLength: 6 })
    const position = fc.nat(6)
    await fc.assert(
      fc.asyncProperty(others, position, async (pairs, index) => {
        const given = pairs.toSpliced(index, 0, 'after=1')
        const address = new URL(`${url}?${given.join('&')}`)
        const init = { lastEventIdQueryParam: 'after' }
        const { latest, attempt } = await start({ address: address.href, init, context: { lastEventId: '8' } })
        attempt.abort()
        const kept = address.search.slice(1).split('&').toSpliced(Math.min(index, pairs.length), 1)
        expect(new URL(latest.request.url).search).toBe(`?${[...kept, 'after=8'].join('&')}`)
      }),
    )
  })

  it.each([
    ['http://user:pass@feed.example/a?b', 'user:pass'],
    ['http://user@feed.example/a?b', 'user:'],
    ['http://:pass@feed.example/a?b', ':pass'],
    ['http://us%3Aer:p%40ss@feed.example/a?b', 'us:er:p@ss'],
    // A percent sign that does not encode anything stands for itself.
    ['http://100%:p%zz%4@feed.example/a?b', '100%:p%zz%4'],
    ['http://ü:€@feed.example/a?b', Buffer.from('ü:€').toString('latin1')],
  ])('The request to %s sends the credentials as Basic authorization, not in the URL', async (address, credentials) => {
    const { latest } = await start({ address })
    expect(latest.request.url).toBe('http://feed.example/a?b')
    const [scheme, encoded = ''] = String(latest.request.headers.get('Authorization')).split(' ')
    expect(scheme).toBe('Basic')
    expect(Buffer.from(encoded, 'base64').toString('latin1')).toBe(credentials)
  })

  it("The caller's own Authorization header takes precedence over credentials in the URL", async () => {
    const init = { headers: { authorization: 'Bearer token' } }
    const { latest } = await start({ address: 'http://user:pass@feed.example/', init })
    expect(latest.request.headers.get('Authorization')).toBe('Bearer token')
    expect(latest.request.url).toBe('http://feed.example/')
  })

  it('The request consists of what the functions return for this attempt', async () => {
    const previous = { message: 'gone', reason: 'network' } as unknown as AttemptContext['previous']
    const context: AttemptContext = {
      attempt: 4,
      failures: 3,
      lastEventId: '7',
      previous,
      signal: expect.any(AbortSignal),
    }
    const told: AttemptContext[] = []
    const init: EventSourceInit = {
      method: 'POST',
      headers: async (given) => {
        told.push(given)
        return { 'X-Attempt': String(given.attempt) }
      },
      body: (given) => {
        told.push(given)
        return `attempt ${given.attempt}`
      },
    }
    const { latest } = await start({ init, context })
    expect(told).toEqual([context, context])
    expect(latest.request.headers.get('X-Attempt')).toBe('4')
    expect(latest.request.body).toBe('attempt 4')
  })
})

type RequestBody = NonNullable<RequestOverrides['body']>

describe('An attempt calls the functions for headers, body and request', () => {
  const anything = fc.oneof(fc.anything({ withNullPrototype: true }), fc.constant(Symbol('thrown')))

  it.each(['headers', 'body', 'request'] as const)(
    'A function for %s that throws or rejects with any value loses the attempt',
    async (member) => {
      await fc.assert(
        fc.asyncProperty(anything, fc.boolean(), async (thrown, rejects) => {
          const fail = rejects
            ? (): Promise<never> => Promise.reject(thrown)
            : (): never => {
                throw thrown
              }
          const started = await start({ init: { method: 'POST', [member]: fail } })
          expect(started.requests).toHaveLength(0)
          const outcome = interruptionOf(started)
          expect(outcome).toMatchObject({ kind: 'lost', reason: 'callback', status: undefined, body: undefined })
          expect(outcome.error).toBe(thrown)
          expect(outcome.message.startsWith(`${member}: `)).toBe(true)
          expect(vi.getTimerCount()).toBe(0)
        }),
      )
    },
  )

  it.each<[string, RequestBody, string]>([
    [
      'POST',
      ['secret'] as unknown as RequestBody,
      'body: fetch cannot send a body like this object: use JSON.stringify()',
    ],
    ['PUT', 7 as unknown as RequestBody, 'body: fetch cannot send a body like this number: use JSON.stringify()'],
  ])('A body function of a %s that returns %o loses the attempt', async (method, returned, message) => {
    const started = await start({ init: { method, body: () => returned } })
    expect(started.requests).toHaveLength(0)
    expect(interruptionOf(started)).toMatchObject({ kind: 'lost', reason: 'callback', message })
  })

  it('A body function can return nothing, and the request then has no body', async () => {
    for (const nothing of [null, undefined]) {
      const { latest } = await start({ init: { method: 'POST', body: () => nothing as unknown as string } })
      expect(latest.request.body ?? null).toBeNull()
    }
  })

  it('A headers function that returns an invalid value fails, and the error names the header but not the value', async () => {
    const outcome = interruptionOf(await start({ init: { headers: () => ({ 'X-Key': 'sesame\nopen' }) } }))
    expect(outcome).toMatchObject({ kind: 'lost', reason: 'callback', message: expect.stringContaining('X-Key') })
    expect(outcome.message).not.toContain('sesame')
  })

  it('A headers function that is still pending when the attempt is aborted has no effect', async () => {
    let finish = (): void => {}
    const headers = (): Promise<HeadersInit> =>
      new Promise((resolve) => {
        finish = () => resolve({})
      })
    const onRequest = vi.fn<() => void>()
    const started = await start({ init: { headers: headers as EventSourceInit['headers'], onRequest } })
    started.attempt.abort()
    finish()
    await settle()
    expect(onRequest).not.toHaveBeenCalled()
    expect(started.requests).toHaveLength(0)
    expect(started.outcome).toEqual({ kind: 'aborted' })
  })
})

describe('A function for request replaces parts of one request', () => {
  const init = { method: 'PUT', headers: { 'X-One': '1' }, body: 'option' }

  /** What an attempt sends whose request function returns this. */
  async function send(returned: unknown, options: EventSourceInit = init, address = url): Promise<unknown> {
    const request = async (): Promise<RequestOverrides> => returned as RequestOverrides
    const { latest, attempt } = await start({ address, init: { ...options, request } })
    attempt.abort()
    const { request: sent } = latest
    return { url: sent.url, method: sent.method, headers: Object.fromEntries(sent.headers), body: sent.body }
  }

  const unchanged = { url, method: 'PUT', headers: { 'x-one': '1', accept: 'text/event-stream' }, body: 'option' }

  it.each([[undefined], [null], [{}], [{ url: undefined, method: undefined, headers: undefined, body: undefined }]])(
    'A request function that returns %o leaves the request as the options say',
    async (returned) => {
      expect(await send(returned)).toEqual(unchanged)
    },
  )

  it.each([
    ['http://other.example/a', 'http://other.example/a'],
    ['b?c', 'http://feed.example/all/b?c'],
    ['', 'http://feed.example/all/events?q'],
    [new URL('http://other.example/a'), 'http://other.example/a'],
  ])('The URL %s is relative to that of the source', async (given, expected) => {
    const sent = await send({ url: given }, init, 'http://feed.example/all/events?q')
    expect(sent).toEqual({ ...unchanged, url: expected })
  })

  it.each(['post', 'Post', 'FORGET', 'GETTER', 'AHEAD', 'header'])(
    'The method %s is sent in upper case, with the body of the options',
    async (method) => {
      expect(await send({ method })).toEqual({ ...unchanged, method: method.toUpperCase() })
    },
  )

  it.each(['GET', 'get', 'HEAD', 'head'])('The method %s is sent without the body of the options', async (method) => {
    expect(await send({ method })).toEqual({ ...unchanged, method: method.toUpperCase(), body: undefined })
  })

  it('Headers replace all headers of the options', async () => {
    const headers = { 'x-two': '2', accept: 'text/event-stream' }
    expect(await send({ headers: [['X-Two', '2']] })).toEqual({ ...unchanged, headers })
    expect(await send({ headers: {} })).toEqual({ ...unchanged, headers: { accept: 'text/event-stream' } })
  })

  it('A body replaces that of the options, and null removes it', async () => {
    expect(await send({ body: 'other' })).toEqual({ ...unchanged, body: 'other' })
    expect(await send({ body: '' })).toEqual({ ...unchanged, body: '' })
    expect(await send({ body: null })).toEqual({ ...unchanged, body: null })
  })

  it('A function for the body is called for the request that a function for request has changed', async () => {
    const sent = await send({ method: 'POST' }, { ...init, body: ({ attempt }) => `attempt ${attempt}` })
    expect(sent).toEqual({ ...unchanged, method: 'POST', body: 'attempt 1' })
  })

  it.each([
    [{ method: 'GET /' }, 'request: method is "GET /", not a method fetch sends'],
    [{ method: 'trace' }, 'request: method is "TRACE", not a method fetch sends'],
    [{ method: '' }, 'request: method is "", not a method fetch sends'],
    // The same text as that of the options.
    [{ method: 'GET', body: 'option' }, 'request: a body is not allowed with GET: set method to POST'],
    [{ method: 'head', body: 'other' }, 'request: a body is not allowed with HEAD: set method to POST'],
    [{ body: { a: 1 } }, 'request: fetch cannot send a body like this object: use JSON.stringify()'],
    [{ headers: 'X-One: 1' }, 'request: headers: a string, not pairs of name and value'],
  ])('A request function that returns %o loses the attempt', async (returned, message) => {
    const request = (): RequestOverrides => returned as RequestOverrides
    const started = await start({ init: { ...init, request } })
    expect(started.requests).toHaveLength(0)
    expect(interruptionOf(started)).toMatchObject({ kind: 'lost', reason: 'callback', message })
  })

  it('A request function that returns an invalid URL loses the attempt', async () => {
    const started = await start({ init: { request: () => ({ url: 'http://' }) } })
    expect(started.requests).toHaveLength(0)
    expect(interruptionOf(started)).toMatchObject({ reason: 'callback', message: expect.stringMatching(/^request: ./) })
  })
})
