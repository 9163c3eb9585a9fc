import { afterEach, describe, expect, it, vi } from 'vitest'
import { EventSource } from '../../src/index.ts'
import { SharedEventSource, type SharedEventSourceInit } from '../../src/shared/shared-event-source.ts'
import { startHttpServer } from '../http-server.ts'

const url = 'http://feed.example/'

afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

/** Stubs Web Locks, which grant nothing here. Returns the names of the locks that are requested. */
function stubLocks(): string[] {
  const names: string[] = []
  const request = (name: string): Promise<never> => {
    names.push(name)
    return new Promise(() => {})
  }
  vi.stubGlobal('navigator', { locks: { request } })
  return names
}

/** The name of the lock of a source: sources with the same name share. */
function nameOf(init?: SharedEventSourceInit, address: string | URL = url): string | undefined {
  const names = stubLocks()
  new SharedEventSource(address, init).close()
  expect(names).toHaveLength(1)
  return names[0]
}

describe('SharedEventSource is an EventSource whose connection is shared', () => {
  it('A SharedEventSource has the interface of EventSource', () => {
    stubLocks()
    const source = new SharedEventSource(url, { withCredentials: true })
    expect(source).toBeInstanceOf(EventSource)
    expect(String(source)).toBe('[object SharedEventSource]')
    expect(SharedEventSource).toHaveLength(1)
    expect(SharedEventSource.name).toBe('SharedEventSource')
    expect(SharedEventSource.OPEN).toBe(1)
    expect(source).toMatchObject({
      url,
      withCredentials: true,
      readyState: 0,
      lastEventId: '',
      onopen: null,
      CLOSED: 2,
    })
    source.close()
    expect(source.readyState).toBe(2)
  })

  it('A SharedEventSource shares although a tool wraps its constructor', () => {
    const names = stubLocks()
    const wrapper = function (this: unknown, ...given: unknown[]): unknown {
      return Reflect.construct(SharedEventSource, given, new.target)
    }
    wrapper.prototype = SharedEventSource.prototype
    const source = Reflect.construct(wrapper, [url]) as SharedEventSource
    expect(source).toBeInstanceOf(SharedEventSource)
    source.close()
    expect(names).toHaveLength(1)
  })

  it('SharedEventSource refuses the arguments that EventSource refuses', () => {
    stubLocks()
    const withoutUrl = (): unknown => Reflect.construct(SharedEventSource, [])
    expect(withoutUrl).toThrow(new TypeError('SharedEventSource needs a URL'))
    expect(() => new SharedEventSource('//')).toThrow(DOMException)
    expect(() => new SharedEventSource(url, { openTimeout: -1 })).toThrow(RangeError)
    expect(() => Reflect.construct(SharedEventSource, [url, 'shared'])).toThrow('init is "shared", not an object')
  })

  it('SharedEventSource refuses a scope that is not a string, and a replay that is not a count', () => {
    stubLocks()
    expect(() => Reflect.construct(SharedEventSource, [url, { scope: {} }])).toThrow(
      new TypeError('scope is [object Object], not a string'),
    )
    expect(() => new SharedEventSource(url, { replay: -1 })).toThrow(new RangeError('replay is -1, not at least 0'))
  })

  it.for<[string, SharedEventSourceInit]>([
    ['headers', { headers: { Authorization: 'Bearer x' } }],
    ['a function for headers', { headers: () => ({}) }],
    ['a body', { method: 'POST', body: 'question' }],
    ['another method', { method: 'POST' }],
    ['a fetch', { fetch: globalThis.fetch }],
    ['a function for requests', { request: () => ({}) }],
  ])('SharedEventSource refuses %s without a scope', ([, init]) => {
    const names = stubLocks()
    const message =
      'headers, body, request, fetch and methods other than GET need a scope: a string that differs by user'
    expect(() => new SharedEventSource(url, init)).toThrow(new TypeError(message))
    expect(names).toEqual([])
    new SharedEventSource(url, { ...init, scope: 'user 7' }).close()
    expect(names).toHaveLength(1)
  })

  it('SharedEventSource needs no scope for empty headers', () => {
    expect(nameOf({ headers: {} })).toBe(nameOf())
  })

  it.for<[string, SharedEventSourceInit]>([
    ['scope', { scope: 'user 7' }],
    ['withCredentials', { withCredentials: true }],
    ['redirect', { redirect: 'error' }],
    ['lastEventIdQueryParam', { lastEventIdQueryParam: 'after' }],
  ])('A source shares only with sources that have the same %s', ([, init]) => {
    expect(nameOf(init)).not.toBe(nameOf())
    expect(nameOf(init)).toBe(nameOf(init))
  })

  it('A source shares only with sources that have the same URL, method and scope', () => {
    expect(nameOf({}, new URL(url))).toBe(nameOf({}, 'http://FEED.example:80'))
    expect(nameOf({}, `${url}?other`)).not.toBe(nameOf())
    expect(nameOf({ method: 'POST', scope: 'a' })).not.toBe(nameOf({ method: 'GET', scope: 'a' }))
    expect(nameOf({ scope: 'a' })).not.toBe(nameOf({ scope: 'b' }))
  })

  it('A source shares with sources whose other options differ', () => {
    const { signal } = new AbortController()
    const init: SharedEventSourceInit = {
      signal,
      lastEventId: '7',
      retry: false,
      openTimeout: 1,
      idleTimeout: 1,
      maxEventSize: 1,
      replay: 3,
      onRequest: () => {},
    }
    expect(nameOf(init)).toBe(nameOf())
    expect(nameOf({ scope: 'a', headers: { A: 'a' } })).toBe(nameOf({ scope: 'a', headers: () => ({ A: 'b' }) }))
  })
})

describe('onEvent of a SharedEventSource is called with every event', () => {
  it('onEvent is called before the listeners, whatever the name, and may close the source', async () => {
    vi.stubGlobal('navigator', undefined)
    vi.spyOn(console, 'warn').mockReturnValue()
    const server = await startHttpServer((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' })
      response.write('data: a\n\nevent: tick\nid: 2\ndata: b\n\nevent: last\ndata: c\n\n')
    })
    try {
      const calls: string[] = []
      await new Promise<void>((resolve) => {
        const source: SharedEventSource = new SharedEventSource(server.origin, {
          onEvent({ type, data, lastEventId }) {
            calls.push(`onEvent ${type} ${data} ${lastEventId}`)
            if (type !== 'last') return
            source.close()
            resolve()
          },
        })
        for (const type of ['message', 'tick', 'last'])
          source.addEventListener(type, () => calls.push(`listener ${type}`))
      })
      await new Promise((resolve) => setTimeout(resolve, 10))
      expect(calls).toEqual([
        'onEvent message a ',
        'listener message',
        'onEvent tick b 2',
        'listener tick',
        'onEvent last c 2',
      ])
    } finally {
      await server.close()
    }
  })
})

describe('SharedEventSource works where tabs cannot share', () => {
  const refusing = { request: () => Promise.reject(new DOMException('not for this origin', 'SecurityError')) }
  const refuse = (): never => {
    throw new DOMException('not for this document', 'SecurityError')
  }
  class RefusingChannel {
    constructor() {
      refuse()
    }
  }

  it.for<[string, Record<string, unknown>]>([
    ['there is no navigator', { navigator: undefined }],
    ['there are no Web Locks', { navigator: {} }],
    ['there is no BroadcastChannel', { navigator: { locks: refusing }, BroadcastChannel: undefined }],
    ['locks are refused', { navigator: { locks: refusing } }],
    ['there are no timers, as in a removed frame in Firefox', { navigator: { locks: refusing }, setInterval: refuse }],
    ['channels are refused', { navigator: { locks: refusing }, BroadcastChannel: RefusingChannel }],
  ])('Each source has a connection of its own if %s, and one warning says so', async ([, globals]) => {
    // A new instance of the module has not warned yet.
    vi.resetModules()
    const { SharedEventSource } = await import('../../src/shared/shared-event-source.ts')
    for (const [name, value] of Object.entries(globals)) vi.stubGlobal(name, value)
    const warn = vi.spyOn(console, 'warn').mockReturnValue()
    const server = await startHttpServer((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('id: 7\ndata: hello\n\n')
    })
    const sources = [new SharedEventSource(server.origin), new SharedEventSource(server.origin)]
    try {
      const first = (source: SharedEventSource): Promise<MessageEvent> =>
        new Promise((resolve) => source.addEventListener('message', resolve))
      for (const event of await Promise.all(sources.map(first))) {
        expect(event).toMatchObject({ data: 'hello', lastEventId: '7', origin: server.origin })
      }
      expect(sources.map(({ readyState }) => readyState)).toEqual([1, 1])
      expect(warn).toHaveBeenCalledOnce()
      expect(warn).toHaveBeenCalledWith(expect.stringContaining('tabs cannot share without Web Locks'))
    } finally {
      for (const source of sources) source.close()
      await server.close()
    }
  })
})
