import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import type { AttemptHandler } from '../src/attempt.ts'
import { readSettings } from '../src/options/settings.ts'
import { settle, useFakeTimers } from './fake-timers.ts'
import { interruptionOf, type Started, start, startAttempt, url } from './start-attempt.ts'

useFakeTimers()

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
    expect(started.outcome).toMatchObject({
      kind: 'ended',
      reason: 'ended',
      code: undefined,
      status: undefined,
      headers: undefined,
      body: undefined,
      attempt: 1,
    })
    expect(interruptionOf(started).message).toBe('the server ended the stream')
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
      expect(started.outcome).toMatchObject({
        kind: 'lost',
        reason: 'network',
        code: undefined,
        status: undefined,
        headers: undefined,
      })
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
      {
        send() {
          throw error
        },
      },
      { open() {}, id() {}, message() {}, reconnectionTime() {}, ready: () => undefined, ended },
    )
    await settle()
    expect(ended).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ kind: 'lost', reason: 'network', error }))
  })

  it.each(['ftp://http.example/', 'about:blank', 'mailto:a@feed.example', 'javascript:0', 'data:text/event-stream,'])(
    'The outcome is refused when the scheme can never work: %s',
    async (address) => {
      const started = await start({ address })
      started.latest.lose(new TypeError('unknown scheme'))
      await settle()
      expect(started.outcome).toMatchObject({ kind: 'refused', reason: 'unsupported' })
    },
  )

  it.each(['redirect', 'unsupported'] as const)('The transport can refuse with %s', async (reason) => {
    const started = await start()
    started.latest.refuse(reason, 'why')
    await settle()
    expect(started.outcome).toMatchObject({ kind: 'refused', reason, message: 'why' })
  })

  it('The outcome has the status and the headers of a response that the transport refuses', async () => {
    const started = await start()
    const headers = new Headers({ Location: '/elsewhere' })
    started.latest.refuse('redirect', 'why', { url, status: 301, statusText: '', headers, header: () => null })
    await settle()
    expect(started.outcome).toMatchObject({ reason: 'redirect', code: 301, status: 301, headers })
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
      expect(started.outcome).toMatchObject({
        kind: 'refused',
        reason: 'too-large',
        status: undefined,
        headers: undefined,
      })
      expect(interruptionOf(started).message).toBe('event over maxEventSize (10 characters)')
      expect(started.latest.isOpen).toBe(false)
      started.latest.send('data: c\n\n')
      expect(started.reports).toEqual([
        ['open', 200],
        ['message', 'message', 'a'],
      ])
    },
  )

  it('The outcome is ended, whatever is to be parsed at the end, when the transport ends without a response', async () => {
    const ended = vi.fn<AttemptHandler['ended']>()
    startAttempt(
      { ...readSettings(url, {}), endOfStream: new TextEncoder().encode('\n\n') },
      { attempt: 1, failures: 0, lastEventId: '', previous: undefined },
      { send: (_request, handler) => handler.end() },
      { open() {}, id() {}, message() {}, reconnectionTime() {}, ready: () => undefined, ended },
    )
    await settle()
    expect(ended).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ kind: 'ended', reason: 'ended' }))
  })

  it.each(['TextDecoder', 'TextEncoder', 'AbortController'])(
    'The outcome is refused, and nothing is sent, when the runtime has no %s',
    async (name) => {
      vi.stubGlobal(name, undefined)
      const started = await start({ init: { openTimeout: 100 } })
      expect(started.outcome).toMatchObject({
        kind: 'refused',
        reason: 'unsupported',
        message: `this runtime has no ${name}`,
      })
      expect(started.requests).toHaveLength(0)
      expect(vi.getTimerCount()).toBe(0)
    },
  )

  it('The outcome is lost when acceptContentType throws, and the message names it', async () => {
    const error = new Error('no table of types')
    const acceptContentType = (): never => {
      throw error
    }
    const started = await start({ init: { acceptContentType } })
    started.latest.respond()
    await settle()
    expect(started.outcome).toMatchObject({
      kind: 'lost',
      reason: 'callback',
      message: 'acceptContentType: no table of types',
      error,
      status: undefined,
      headers: undefined,
    })
    expect(started.reports).toEqual([])
    expect(started.latest.isOpen).toBe(false)
  })

  it('A comment after the event that ended the attempt is not reported, even in the same chunk', async () => {
    const onComment = vi.fn<(comment: string) => void>()
    const started: Started = await start({ init: { onComment }, handler: { message: () => started.attempt.abort() } })
    started.latest.respond()
    started.latest.send(':before\ndata: a\n\n:after\n')
    expect(onComment.mock.calls).toEqual([['before']])
  })

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
    expect(started.outcome).toMatchObject({ reason: 'redirect', message: 'first' })
  })

  it('The outcome is not what a transport reports about the abort itself', async () => {
    const ended = vi.fn<AttemptHandler['ended']>()
    startAttempt(
      readSettings(url, { openTimeout: 100 }),
      { attempt: 1, failures: 0, lastEventId: '', previous: undefined },
      {
        send({ signal }, handler) {
          signal.onabort = () => {
            handler.refuse('unsupported', 'aborted')
            handler.end()
          }
        },
      },
      { open() {}, id() {}, message() {}, reconnectionTime() {}, ready: () => undefined, ended },
    )
    await vi.advanceTimersByTimeAsync(100)
    expect(ended).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ kind: 'lost', reason: 'timeout' }))
  })
})

describe('An attempt reads the headers of a response lazily', () => {
  it('The headers of a response are not read before they are needed, since a transport may have to create them', async () => {
    const started = await start({ init: { onComment: () => {} } })
    const headers = vi.fn<() => Headers>(() => new Headers())
    started.latest.head({
      url,
      status: 200,
      statusText: 'OK',
      header: (name) => (name === 'retry-after' ? '7' : 'text/event-stream'),
      get headers() {
        return headers()
      },
    })
    started.latest.send(':\nid: 1\ndata: a\n\n')
    expect(started.reports).toContainEqual(['message', 'message', 'a'])
    expect(headers).not.toHaveBeenCalled()
    started.latest.end()
    await settle()
    expect(started.outcome).toMatchObject({ headers: undefined, retryAfter: 7_000 })
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
