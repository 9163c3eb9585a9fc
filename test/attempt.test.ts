import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Attempt, type AttemptHandler, startAttempt } from '../src/attempt.ts'
import { isEventStream } from '../src/content-type.ts'
import type { AttemptContext, EventSourceInit } from '../src/options/event-source-init.ts'
import { readSettings } from '../src/options/settings.ts'
import type { CompletedOutcome, Outcome } from '../src/outcome.ts'
import { ScriptedTransport } from './scripted-transport.ts'
import { uncaughtDuring } from './uncaught-during.ts'

const url = 'http://feed.example/'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

/** Lets promises settle without any time passing. */
async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0)
}

interface Started extends ScriptedTransport {
  readonly attempt: Attempt
  /** The reports of the attempt, in order. */
  readonly reports: unknown[][]
  /** The outcome of the attempt, once it has one. */
  readonly outcome: Outcome | undefined
}

interface Start {
  readonly init?: EventSourceInit
  readonly context?: Partial<AttemptContext>
  readonly handler?: Partial<AttemptHandler>
  readonly address?: string
}

async function start({ init = {}, context = {}, handler = {}, address = url }: Start = {}): Promise<Started> {
  const scripted = new ScriptedTransport()
  const reports: unknown[][] = []
  const attempt = startAttempt(
    readSettings(address, init),
    { attempt: 1, failures: 0, lastEventId: '', previous: undefined, ...context },
    scripted.transport,
    {
      open: ({ status }) => reports.push(['open', status]),
      id: (id) => reports.push(['id', id]),
      message: (type, data) => reports.push(['message', type, data]),
      reconnectionTime: (milliseconds) => reports.push(['reconnectionTime', milliseconds]),
      ended(outcome) {
        expect(started.outcome).toBeUndefined()
        started.outcome = outcome
      },
      ...handler,
    },
  )
  const started = Object.assign(scripted, { attempt, reports, outcome: undefined as Outcome | undefined })
  await settle()
  return started
}

/** The outcome of an attempt that was not aborted. */
function interruptionOf({ outcome }: { readonly outcome: Outcome | undefined }): CompletedOutcome {
  if (outcome === undefined || outcome.kind === 'aborted') throw new Error(`the outcome is ${outcome?.kind}`)
  return outcome
}

describe('An attempt recognizes an event stream by the MIME type of the response', () => {
  it.each([
    'text/event-stream',
    'TEXT/Event-Stream',
    ' text/event-stream\t',
    'text/event-stream;',
    'text/event-stream ; charset=utf-8',
    'text/event-stream;charset="utf-8, utf-16"',
    'text/event-stream;charset="text/plain, text/html',
    'text/plain, text/event-stream',
    'text/event-stream, ',
    ', text/event-stream',
    'text/event-stream, event-stream',
    'text/event-stream, */*',
    'text/event-stream, text/',
    'text/event-stream, a text/plain',
    'text/event-stream, text/plain"a"',
    'text/event-stream, "a"text/plain',
    'text/event-stream, text/event-stream;a=b',
  ])('The MIME type %s is that of an event stream', (contentType) => {
    expect(isEventStream(contentType)).toBe(true)
  })

  it.each([
    null,
    '',
    ' ',
    ',',
    '*/*',
    'text/plain',
    'text/event-stream, text/plain',
    'text/event-stream, application/json;charset=utf-8',
    'text/event-streams',
    'xtext/event-stream',
    'text/event-stream/1',
    'text /event-stream',
    'text/event stream',
    'text/event-stream charset=utf-8',
    'text/plain;type=text/event-stream',
    'text/plain;a=",text/event-stream"',
    'text/plain;a=", text/event-stream',
    'text/event-stream"a"',
    'text/event-stream"',
    '"a"text/event-stream',
    'event-stream',
  ])('The MIME type %s is not that of an event stream', (contentType) => {
    expect(isEventStream(contentType)).toBe(false)
  })

  it('The last of several MIME types decides', () => {
    const anyType = fc.constantFrom('text/event-stream', 'text/event-stream;a="b,c"', 'text/plain', 'a/b;c=",d"')
    fc.assert(
      fc.property(fc.array(anyType, { minLength: 1 }), fc.constantFrom(',', ', ', ' , '), (types, comma) => {
        expect(isEventStream(types.join(comma))).toBe(types.at(-1)?.startsWith('text/event-stream'))
      }),
    )
  })
})

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
        async ({ headers }) => {
          sent.push(String(headers.get('a')))
          headers.set('a', 'changed')
        },
        { open() {}, id() {}, message() {}, reconnectionTime() {}, ended() {} },
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
    const anyQuery = fc.string({ unit: fc.constantFrom('a', '=', '&', '+', '%7E', '%20', '~', '*', 'ü', "'") })
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
    const previous = { message: 'gone', code: 'network' } as unknown as AttemptContext['previous']
    const context: AttemptContext = { attempt: 4, failures: 3, lastEventId: '7', previous }
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

describe('An attempt calls the functions for headers and body', () => {
  const anything = fc.oneof(fc.anything({ withNullPrototype: true }), fc.constant(Symbol('thrown')))

  it.each(['headers', 'body'] as const)(
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
          expect(outcome).toMatchObject({ kind: 'lost', code: 'callback', status: undefined, body: undefined })
          expect(outcome.error).toBe(thrown)
          expect(vi.getTimerCount()).toBe(0)
        }),
      )
    },
  )

  it('A headers function that returns an invalid value fails, and the error names the header but not the value', async () => {
    const outcome = interruptionOf(await start({ init: { headers: () => ({ 'X-Key': 'sesame\nopen' }) } }))
    expect(outcome).toMatchObject({ kind: 'lost', code: 'callback', message: expect.stringContaining('X-Key') })
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

describe('An attempt sends a one-shot body only once', () => {
  const sources: Record<string, () => unknown> = {
    'a stream': () => new Blob(['a']).stream(),
    'an async generator': () => (async function* generate() {})(),
    'a stream that does not iterate, as in older browsers': () => ({ getReader: () => {} }),
    'an object that iterates asynchronously': () => ({ [Symbol.asyncIterator]: () => ({}) }),
  }

  it.each(Object.entries(sources))('A one-shot body is not sent a second time: %s', async (_, create) => {
    const body = create() as BodyInit
    for (const given of [body, () => body]) {
      const init = { method: 'POST', body: given } as EventSourceInit
      const first = await start({ init })
      if (given === body) expect(first.requests).toHaveLength(1)
      const second = await start({ init, context: { attempt: 2 } })
      expect(second.requests).toHaveLength(0)
      expect(second.outcome).toMatchObject({
        kind: 'refused',
        code: 'body-used',
        message: expect.stringContaining('give a function'),
      })
    }
  })

  it.each(Object.entries(sources))(
    'A function can make a new one-shot body for every attempt: %s',
    async (_, create) => {
      const init = { method: 'POST', body: create } as EventSourceInit
      expect((await start({ init })).requests).toHaveLength(1)
      expect((await start({ init, context: { attempt: 2 } })).requests).toHaveLength(1)
    },
  )

  it.each([
    ['a string', 'a'],
    ['bytes', new Uint8Array(1)],
    ['a buffer', new ArrayBuffer(1)],
    ['a blob', new Blob(['a'])],
    ['a form', new FormData()],
    ['URL parameters', new URLSearchParams('a=b')],
    ['null', null],
  ])('A body that is %s can be sent again', async (_, body) => {
    const init = { method: 'POST', body }
    expect((await start({ init })).requests).toHaveLength(1)
    expect((await start({ init, context: { attempt: 2 } })).requests).toHaveLength(1)
  })
})

describe('An attempt has exactly one outcome', () => {
  it('The outcome is ended when the body ends', async () => {
    const started = await start()
    started.latest.respond()
    started.latest.send('retry: 5\nid: 1\ndata: a\n\nid: 2\ndata: b\n')
    started.latest.end()
    await settle()
    expect(started.reports).toEqual([
      ['open', 200],
      ['reconnectionTime', 5],
      ['id', '1'],
      ['message', 'message', 'a'],
    ])
    expect(started.outcome).toMatchObject({ kind: 'ended', code: 'ended', status: 200, body: undefined, attempt: 1 })
    expect(interruptionOf(started).message).toBe('the stream ended')
    expect(started.latest.isOpen).toBe(false)
  })

  it.each([
    ['an error', new TypeError('fetch failed')],
    ['an AbortError that is not from the attempt', new DOMException('aborted', 'AbortError')],
    ['undefined', undefined],
    ['a symbol', Symbol('lost')],
  ])('The outcome is lost when the transport rejects with %s', async (_, error) => {
    for (const responds of [false, true]) {
      const started = await start()
      if (responds) started.latest.respond()
      started.latest.lose(error)
      await settle()
      expect(started.outcome).toMatchObject({ kind: 'lost', code: 'network', status: responds ? 200 : undefined })
      expect(interruptionOf(started).error).toBe(error)
    }
  })

  it("The message includes the cause that Node's fetch puts into error.cause", async () => {
    const started = await start()
    started.latest.lose(new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED 127.0.0.1:1') }))
    await settle()
    expect(interruptionOf(started).message).toContain('connect ECONNREFUSED 127.0.0.1:1')
  })

  it('The outcome is lost when the transport throws synchronously', async () => {
    const error = new Error('thrown')
    const ended = vi.fn<AttemptHandler['ended']>()
    startAttempt(
      readSettings(url, {}),
      { attempt: 1, failures: 0, lastEventId: '', previous: undefined },
      () => {
        throw error
      },
      { open() {}, id() {}, message() {}, reconnectionTime() {}, ended },
    )
    await settle()
    expect(ended).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ kind: 'lost', code: 'network', error }))
  })

  it.each(['ftp://http.example/', 'about:blank', 'mailto:a@feed.example', 'javascript:0', 'data:text/event-stream,'])(
    'The outcome is refused when the scheme can never work: %s',
    async (address) => {
      const started = await start({ address })
      started.latest.lose(new TypeError('unknown scheme'))
      await settle()
      expect(started.outcome).toMatchObject({ kind: 'refused', code: 'unsupported' })
    },
  )

  it.each(['redirect', 'unsupported'] as const)('The transport can refuse with %s', async (code) => {
    const started = await start()
    started.latest.refuse(code, 'why')
    await settle()
    expect(started.outcome).toMatchObject({ kind: 'refused', code, message: 'why' })
  })

  it('The outcome has the status and the headers of a response that the transport refuses', async () => {
    const started = await start()
    const headers = new Headers({ Location: '/elsewhere' })
    started.latest.refuse('redirect', 'why', { url, status: 301, headers, contentType: null })
    await settle()
    expect(started.outcome).toMatchObject({ code: 'redirect', status: 301, headers })
  })

  it.each([
    ['complete', `data: ${'x'.repeat(11)}\n\ndata: b\n\n`],
    ['in pieces', `data: ${'x'.repeat(11)}`],
  ])(
    'An event that is too large and arrives %s refuses the response, and nothing after it is reported',
    async (_, large) => {
      const started = await start({ init: { maxEventSize: 10 } })
      started.latest.respond()
      started.latest.send(`data: a\n\n${large}`)
      await settle()
      expect(started.outcome).toMatchObject({ kind: 'refused', code: 'too-large', status: 200 })
      expect(interruptionOf(started).message).toContain('over 10 characters')
      expect(started.latest.isOpen).toBe(false)
      started.latest.send('data: c\n\n')
      expect(started.reports).toEqual([
        ['open', 200],
        ['message', 'message', 'a'],
      ])
    },
  )

  it('The outcome is aborted when the attempt is aborted, even twice', async () => {
    const started = await start()
    started.attempt.abort()
    started.attempt.abort()
    await settle()
    expect(started.outcome).toEqual({ kind: 'aborted' })
    expect(started.latest.isOpen).toBe(false)
  })

  it('The outcome is the first of several things that happen', async () => {
    const started = await start()
    started.latest.respond()
    started.latest.refuse('redirect', 'first')
    started.latest.lose(new Error('second'))
    started.attempt.abort()
    await settle()
    expect(started.outcome).toMatchObject({ code: 'redirect', message: 'first' })
  })

  it('The outcome is not what a transport reports about the abort itself', async () => {
    const ended = vi.fn<AttemptHandler['ended']>()
    startAttempt(
      readSettings(url, { openTimeout: 100 }),
      { attempt: 1, failures: 0, lastEventId: '', previous: undefined },
      ({ signal }, handler) =>
        new Promise((end) => {
          signal.onabort = () => {
            handler.refuse('unsupported', 'aborted')
            end()
          }
        }),
      { open() {}, id() {}, message() {}, reconnectionTime() {}, ended },
    )
    await vi.advanceTimersByTimeAsync(100)
    expect(ended).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ kind: 'lost', code: 'timeout' }))
  })
})

describe('An attempt reads the headers of a response lazily', () => {
  it('The headers of a response are not read before they are needed, since a transport may have to create them', async () => {
    const started = await start({ init: { onComment: () => {} } })
    const headers = vi.fn<() => Headers>(() => new Headers({ 'Retry-After': '7' }))
    started.latest.head({
      url,
      status: 200,
      contentType: 'text/event-stream',
      get headers() {
        return headers()
      },
    })
    started.latest.send(':\nid: 1\ndata: a\n\n')
    expect(started.reports).toContainEqual(['message', 'message', 'a'])
    expect(headers).not.toHaveBeenCalled()
    started.latest.end()
    await settle()
    expect(started.outcome).toMatchObject({ headers: expect.any(Headers), retryAfter: 7_000 })
  })
})

describe('An attempt that is over ignores its transport', () => {
  type Action = (started: Started) => void
  const actions: Record<string, Action> = {
    respond: ({ latest }) => latest.respond(),
    'respond 503': ({ latest }) => latest.respond(503),
    send: ({ latest }) => latest.send('id: 1\nretry: 1\ndata: a\n\n'),
    'send much': ({ latest }) => latest.send(new Uint8Array(10_000)),
    end: ({ latest }) => latest.end(),
    lose: ({ latest }) => latest.lose(new Error('late')),
    refuse: ({ latest }) => latest.refuse('redirect', 'late'),
  }
  const anyActions = fc.array(fc.constantFrom(...Object.keys(actions)), { maxLength: 10 })

  it('An aborted attempt ignores a transport that does not react to the signal', async () => {
    const taps = { onComment: vi.fn<() => void>(), onResponse: vi.fn<() => void>() }
    await fc.assert(
      fc.asyncProperty(anyActions, async (names) => {
        const started = await start({ init: { ...taps, openTimeout: 50, idleTimeout: 50 } })
        started.attempt.abort()
        for (const name of names) actions[name]?.(started)
        await vi.advanceTimersByTimeAsync(1_000)
        expect(started.outcome).toEqual({ kind: 'aborted' })
        expect(started.reports).toEqual([])
        expect(taps.onResponse).not.toHaveBeenCalled()
        expect(vi.getTimerCount()).toBe(0)
      }),
    )
  })

  it('An attempt ends with one outcome, an aborted request and no timer, in any order of events', async () => {
    await fc.assert(
      fc.asyncProperty(anyActions, fc.nat(100), async (names, milliseconds) => {
        const started = await start({ init: { openTimeout: 400, idleTimeout: 300 } })
        for (const name of names) {
          actions[name]?.(started)
          await vi.advanceTimersByTimeAsync(milliseconds)
          if (!started.outcome) expect(started.latest.isOpen).toBe(true)
        }
        await vi.advanceTimersByTimeAsync(1_000)
        expect(started.outcome).toBeDefined()
        expect(started.latest.isOpen).toBe(false)
        expect(vi.getTimerCount()).toBe(0)
        const { outcome } = started
        const reported = started.reports.length
        for (const action of Object.values(actions)) action(started)
        await vi.advanceTimersByTimeAsync(1_000)
        expect(started.outcome).toBe(outcome)
        expect(started.reports).toHaveLength(reported)
      }),
    )
  })
})

describe('An attempt reports a refused response', () => {
  it('A refused response is reported with its body as soon as the body has ended', async () => {
    const started = await start()
    started.latest.respond(500, { 'X-Reason': 'none' })
    started.latest.send('over')
    started.latest.send('loaded')
    await settle()
    expect(started.outcome).toBeUndefined()
    started.latest.end()
    await settle()
    expect(started.outcome).toMatchObject({ kind: 'refused', code: 'status', status: 500, body: 'overloaded' })
    expect(interruptionOf(started).headers?.get('X-Reason')).toBe('none')
    expect(started.reports).toEqual([])
  })

  it('The message about a refused response contains its status or its type', async () => {
    const message = async (status: number, headers: HeadersInit): Promise<string> => {
      const started = await start()
      started.latest.respond(status, headers)
      started.latest.end()
      await settle()
      return interruptionOf(started).message
    }
    expect(await message(418, {})).toContain('418')
    expect(await message(200, { 'Content-Type': 'text/html; charset=utf-8' })).toContain('text/html; charset=utf-8')
    expect(await message(200, {})).toMatch(/null|no/)
  })

  it('A response that is refused because of its type is reported with its body', async () => {
    const started = await start()
    started.latest.respond(200, { 'Content-Type': 'text/html' })
    started.latest.send('<p>Sign in')
    started.latest.end()
    await settle()
    expect(started.outcome).toMatchObject({ kind: 'refused', code: 'content-type', status: 200, body: '<p>Sign in' })
    expect(started.reports).toEqual([])
  })

  it('A refused response that breaks off is still refused', async () => {
    const started = await start()
    started.latest.respond(500)
    started.latest.send('over')
    started.latest.lose(new Error('reset'))
    await settle()
    expect(started.outcome).toMatchObject({ kind: 'refused', code: 'status', status: 500, body: 'over' })
  })

  it('The body of a refused response is awaited for one second, however much is sent in that time', async () => {
    const started = await start({ init: { openTimeout: 50, idleTimeout: 50 } })
    started.latest.respond(500)
    started.latest.send('over')
    await vi.advanceTimersByTimeAsync(900)
    started.latest.send('loaded')
    await vi.advanceTimersByTimeAsync(99)
    expect(started.outcome).toBeUndefined()
    await vi.advanceTimersByTimeAsync(1)
    expect(started.outcome).toMatchObject({ code: 'status', body: 'overloaded' })
    expect(started.latest.isOpen).toBe(false)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('The body of a refused response is read up to 8,192 bytes, even if they end inside a character', async () => {
    const text = fc
      .array(fc.constantFrom('a', 'é', '€', '🦄'), { minLength: 4_000, maxLength: 6_000, size: 'max' })
      .map((characters) => new TextEncoder().encode(characters.join('')))
    await fc.assert(
      fc.asyncProperty(text, fc.integer({ min: 1, max: 9_000 }), async (bytes, size) => {
        const started = await start()
        started.latest.respond(500)
        let sent = 0
        while (sent < bytes.length && !started.outcome) {
          started.latest.send(bytes.subarray(sent, sent + size))
          sent += size
          await settle()
        }
        const kept = bytes.subarray(0, 8_192)
        if (bytes.length < 8_192) {
          expect(started.outcome).toBeUndefined()
          started.latest.end()
          await settle()
        } else {
          expect(sent - size).toBeLessThan(8_192)
          expect(started.latest.isOpen).toBe(false)
        }
        // Only complete characters count: without `stream`, the last one would become U+FFFD.
        expect(interruptionOf(started).body).toBe(new TextDecoder().decode(kept, { stream: true }))
      }),
      { numRuns: 30 },
    )
  })

  it('A refused response can have no body', async () => {
    const started = await start()
    started.latest.respond(204)
    started.latest.end()
    await settle()
    expect(started.outcome).toMatchObject({ code: 'status', status: 204, body: '' })
  })
})

describe('An attempt reads Retry-After', () => {
  const now = Date.UTC(2026, 0, 1)

  it.each([
    ['1', 1_000],
    ['120', 120_000],
    ['0', undefined],
    ['-1', undefined],
    ['', undefined],
    ['soon', undefined],
    ['Thu, 01 Jan 2026 00:00:30 GMT', 30_000],
    ['Wed, 31 Dec 2025 23:59:30 GMT', undefined],
    ['Thu, 01 Jan 2026 00:00:00 GMT', undefined],
    ['99999999999999', 99_999_999_999_999_000],
  ])('A Retry-After of %o asks for a delay of %s ms', async (value, milliseconds) => {
    vi.setSystemTime(now)
    const started = await start()
    started.latest.respond(503, { 'Retry-After': value })
    started.latest.end()
    await settle()
    expect(interruptionOf(started).retryAfter).toBe(milliseconds)
  })

  it('A response without Retry-After asks for no delay', async () => {
    const started = await start()
    started.latest.respond(503)
    started.latest.end()
    await settle()
    expect(interruptionOf(started).retryAfter).toBeUndefined()
  })
})

describe('openTimeout limits the time until the response', () => {
  const init = { openTimeout: 2_000 }

  it('openTimeout ends an attempt without a response exactly when it expires', async () => {
    const started = await start({ init })
    await vi.advanceTimersByTimeAsync(1_999)
    expect(started.outcome).toBeUndefined()
    await vi.advanceTimersByTimeAsync(1)
    expect(started.outcome).toMatchObject({ kind: 'lost', code: 'timeout', status: undefined })
    expect(interruptionOf(started).message).toContain('2000')
    expect(started.latest.isOpen).toBe(false)
  })

  it('openTimeout includes the time that functions take, after which nothing is sent', async () => {
    let finish = (): void => {}
    const body = (): Promise<string> =>
      new Promise((resolve) => {
        finish = () => resolve('a')
      })
    const started = await start({ init: { ...init, method: 'POST', body } })
    await vi.advanceTimersByTimeAsync(2_000)
    expect(started.outcome).toMatchObject({ kind: 'lost', code: 'timeout' })
    finish()
    await settle()
    expect(started.requests).toHaveLength(0)
  })

  it('openTimeout ends with any response', async () => {
    for (const status of [200, 500]) {
      const started = await start({ init })
      await vi.advanceTimersByTimeAsync(1_999)
      started.latest.respond(status)
      await vi.advanceTimersByTimeAsync(400)
      expect(started.outcome).toBeUndefined()
      started.attempt.abort()
    }
  })

  it('A timeout of 0 starts no timer', async () => {
    const started = await start({ init: { openTimeout: 0, idleTimeout: 0 } })
    expect(vi.getTimerCount()).toBe(0)
    started.latest.respond()
    started.latest.send('data: a\n\n')
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('idleTimeout limits the silence of an open stream', () => {
  const init = { idleTimeout: 2_000 }

  it('idleTimeout does not run before the response', async () => {
    const started = await start({ init })
    await vi.advanceTimersByTimeAsync(100_000)
    expect(started.outcome).toBeUndefined()
  })

  it('idleTimeout ends an open stream exactly when it has been silent for that long', async () => {
    const started = await start({ init })
    started.latest.respond()
    await vi.advanceTimersByTimeAsync(1_999)
    expect(started.outcome).toBeUndefined()
    await vi.advanceTimersByTimeAsync(1)
    expect(started.outcome).toMatchObject({ kind: 'lost', code: 'idle', status: 200 })
    expect(interruptionOf(started).message).toContain('2000')
    expect(started.latest.isOpen).toBe(false)
  })

  it('idleTimeout restarts with any bytes, and ends the stream only if the silence is long enough', async () => {
    const anyBytes = fc.constantFrom(':\n', ': ping\n', '\n', 'data: a\n\n', 'dat', '\r')
    const anySteps = fc.array(fc.tuple(anyBytes, fc.integer({ min: 1, max: 2_100 })), { minLength: 1, maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(anySteps, async (steps) => {
        const started = await start({ init })
        started.latest.respond()
        let isOver = false
        for (const [bytes, silence] of steps) {
          started.latest.send(bytes)
          await vi.advanceTimersByTimeAsync(silence)
          isOver ||= silence >= 2_000
          expect(started.outcome !== undefined).toBe(isOver)
        }
        started.attempt.abort()
      }),
    )
  })

  it('idleTimeout does not run while the consumer is behind, and restarts when it has caught up', async () => {
    let resume = (): void => {}
    const ready = vi.fn<() => Promise<void> | undefined>(
      () =>
        new Promise((resolve) => {
          resume = resolve
        }),
    )
    const started = await start({ init, handler: { ready } })
    started.latest.respond()
    await vi.advanceTimersByTimeAsync(1_500)
    const resumed = vi.fn<() => void>()
    started.latest.send('data: a\n\n')
    void started.latest.pause?.then(resumed)
    await vi.advanceTimersByTimeAsync(100_000)
    expect(started.outcome).toBeUndefined()
    expect(resumed).not.toHaveBeenCalled()
    resume()
    await vi.advanceTimersByTimeAsync(1_999)
    expect(resumed).toHaveBeenCalledOnce()
    expect(started.outcome).toBeUndefined()
    await vi.advanceTimersByTimeAsync(1)
    expect(started.outcome).toMatchObject({ code: 'idle' })
  })
})

describe('An attempt waits for a slow consumer', () => {
  it('The consumer is asked after every chunk whether it is behind', async () => {
    const ready = vi.fn<() => undefined>()
    const started = await start({ handler: { ready } })
    started.latest.respond()
    for (const chunk of ['data: a\n\ndata: b\n\n', ':\n']) {
      started.latest.send(chunk)
      expect(started.latest.pause).toBeUndefined()
    }
    expect(ready).toHaveBeenCalledTimes(2)
  })

  it('An attempt that is aborted while the consumer is behind leaves no timer', async () => {
    let resume = (): void => {}
    const ready = (): Promise<void> =>
      new Promise((resolve) => {
        resume = resolve
      })
    const started = await start({ init: { idleTimeout: 100 }, handler: { ready } })
    started.latest.respond()
    started.latest.send('data: a\n\n')
    started.attempt.abort()
    expect(vi.getTimerCount()).toBe(0)
    resume()
    await started.latest.pause
    expect(vi.getTimerCount()).toBe(0)
    expect(started.outcome).toEqual({ kind: 'aborted' })
  })

  it('The consumer is not asked about a chunk that ended the attempt', async () => {
    const ready = vi.fn<() => undefined>()
    const started: Started = await start({ handler: { ready, message: () => started.attempt.abort() } })
    started.latest.respond()
    started.latest.send('data: a\n\n')
    expect(started.latest.pause).toBeUndefined()
    expect(ready).not.toHaveBeenCalled()
  })
})

describe('An attempt calls onRequest, onResponse and onComment', () => {
  it('onRequest and onResponse receive what was sent and what came, even if it is refused', async () => {
    const onRequest = vi.fn<NonNullable<EventSourceInit['onRequest']>>()
    const onResponse = vi.fn<NonNullable<EventSourceInit['onResponse']>>()
    const init = { onRequest, onResponse, headers: { 'X-Key': 'sesame' }, method: 'post' }
    const started = await start({ init, context: { attempt: 5, lastEventId: '7' } })
    started.latest.respond(503, { 'X-Reason': 'none' })
    expect(onRequest).toHaveBeenCalledOnce()
    const [request] = onRequest.mock.calls[0] ?? []
    expect(request).toMatchObject({ url, method: 'POST', attempt: 5 })
    expect([...(request?.headers ?? [])]).toEqual([
      ['accept', 'text/event-stream'],
      ['last-event-id', '7'],
      ['x-key', 'sesame'],
    ])
    expect(onResponse).toHaveBeenCalledOnce()
    const [response] = onResponse.mock.calls[0] ?? []
    expect(response).toMatchObject({ url, status: 503, attempt: 5 })
    expect(response?.headers.get('X-Reason')).toBe('none')
  })

  it('A callback that throws changes nothing, and its error is reported as uncaught', async () => {
    const thrown: Error[] = []
    const fail = (): never => {
      const error = new Error('thrown by a tap')
      thrown.push(error)
      throw error
    }
    let started: Started | undefined
    const uncaught = await uncaughtDuring(async () => {
      started = await start({ init: { onRequest: fail, onResponse: fail, onComment: fail } })
      started.latest.respond()
      started.latest.send(': a\ndata: b\n\n: c\ndata: d\n\n')
      await settle()
    })
    expect(thrown).toHaveLength(4)
    expect(uncaught).toEqual(thrown)
    expect(started?.reports).toEqual([
      ['open', 200],
      ['message', 'message', 'b'],
      ['message', 'message', 'd'],
    ])
    expect(started?.outcome).toBeUndefined()
  })

  it.each([
    ['onRequest', []],
    ['onResponse', []],
    ['onComment', [['open', 200]]],
  ])('Aborting in %s ends everything', async (name, reported) => {
    const { transport, requests } = new ScriptedTransport()
    const reports: unknown[][] = []
    const outcomes: Outcome[] = []
    const attempt: Attempt = startAttempt(
      readSettings(url, { idleTimeout: 100, [name]: () => attempt.abort() }),
      { attempt: 1, failures: 0, lastEventId: '', previous: undefined },
      transport,
      {
        open: ({ status }) => reports.push(['open', status]),
        id: (id) => reports.push(['id', id]),
        message: (type, data) => reports.push(['message', type, data]),
        reconnectionTime: (milliseconds) => reports.push(['reconnectionTime', milliseconds]),
        ended: (outcome) => outcomes.push(outcome),
      },
    )
    await settle()
    expect(requests).toHaveLength(name === 'onRequest' ? 0 : 1)
    requests[0]?.respond()
    requests[0]?.send(':\nid: 1\nretry: 1\ndata: a\n\n')
    await settle()
    expect(outcomes).toEqual([{ kind: 'aborted' }])
    expect(reports).toEqual(reported)
    expect(vi.getTimerCount()).toBe(0)
  })
})
