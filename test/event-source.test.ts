import { getEventListeners } from 'node:events'
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { EventSource } from '../src/event-source.ts'
import { ErrorEvent } from '../src/events.ts'
import type { EventSourceInit } from '../src/options/event-source-init.ts'
import { settle, useFakeTimers } from './fake-timers.ts'

const url = 'http://feed.example/'

useFakeTimers()

afterEach(() => {
  vi.resetModules()
})

/**
 * A `fetch` whose responses are controlled by the test. It is a mock, because the order of events must be chosen and
 * the clock is fake.
 */
class ScriptedFetch {
  calls = 0
  #resolve: (response: Response) => void = () => {}
  #reject: (error: unknown) => void = () => {}
  #body: ReadableStreamDefaultController<Uint8Array> | undefined
  /** Whether the latest request is waiting for its response. */
  isPending = false
  /** Whether the body of the latest response is open. */
  isOpen = false

  readonly fetch: NonNullable<EventSourceInit['fetch']> = (_url, { signal }) => {
    this.calls++
    this.isPending = true
    this.isOpen = false
    return new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
      signal?.addEventListener('abort', () => {
        this.isPending = false
        reject(signal.reason)
        this.fail(signal.reason)
      })
    })
  }

  respond(status = 200): void {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#body = controller
      },
    })
    this.isPending = false
    this.isOpen = true
    this.#resolve(new Response(body, { status, headers: { 'Content-Type': 'text/event-stream' } }))
  }

  send(text: string): void {
    if (this.isOpen) this.#body?.enqueue(new TextEncoder().encode(text))
  }

  end(): void {
    if (this.isOpen) this.#body?.close()
    this.isOpen = false
  }

  fail(error: unknown): void {
    if (this.isPending) this.#reject(error)
    if (this.isOpen) this.#body?.error(error)
    this.isPending = false
    this.isOpen = false
  }
}

describe('A constructor that throws has no side effects', () => {
  it.each([
    ['the URL', 'http://[', {}],
    ['an option', url, { maxEventSize: 0 }],
    ['the policy', url, { retry: { jitter: 2 } }],
  ])('A constructor that throws because of %s sends nothing and adds no listener', async (_, address, init) => {
    const { signal } = new AbortController()
    const scripted = new ScriptedFetch()
    expect(() => new EventSource(address, { ...init, signal, fetch: scripted.fetch })).toThrow()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(scripted.calls).toBe(0)
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })
})

describe('The states and events of an EventSource are consistent in any order of events', () => {
  const anyStep = fc.oneof(
    { weight: 4, arbitrary: fc.constant('respond' as const) },
    { weight: 3, arbitrary: fc.constantFrom('send' as const, 'send id' as const) },
    fc.constantFrom('end' as const, 'fail' as const, 'reconnect' as const, 'refuse' as const, 'close' as const),
    { weight: 2, arbitrary: fc.constantFrom('wait' as const, 'wait long' as const) },
  )

  it('readyState matches the event, messages have the last event ID, and nothing is dispatched after CLOSED', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { maxLength: 20, size: 'max' }), async (steps) => {
        vi.clearAllTimers()
        const scripted = new ScriptedFetch()
        const source = new EventSource(url, { fetch: scripted.fetch, retry: { initialDelay: 1_000 } })
        let isClosed = false
        const violations: unknown[] = []
        /** Collects violations, because an exception in a listener would not reach the test. */
        const check = (event: Event, isTrue: boolean): void => {
          if (!isTrue) violations.push({ event, readyState: source.readyState, isClosed })
        }
        const listener = (event: Event): void => {
          check(event, !isClosed)
          if (event instanceof ErrorEvent) {
            check(event, source.readyState === (event.willReconnect ? source.CONNECTING : source.CLOSED))
            isClosed = !event.willReconnect
          } else {
            check(event, source.readyState === source.OPEN)
          }
          if (event instanceof MessageEvent) check(event, event.lastEventId === source.lastEventId)
        }
        let id = 0
        for (const type of ['open', 'message', 'error']) source.addEventListener(type, listener)
        for (const step of steps) {
          if (step === 'respond' && scripted.isPending) scripted.respond()
          else if (step === 'refuse' && scripted.isPending) scripted.respond(404)
          else if (step === 'send') scripted.send('data: a\n\n')
          else if (step === 'send id') scripted.send(`id: ${++id}\ndata: a\n\n`)
          else if (step === 'end') scripted.end()
          else if (step === 'fail') scripted.fail(new Error('reset'))
          else if (step === 'wait') await vi.advanceTimersByTimeAsync(500)
          else if (step === 'wait long') await vi.advanceTimersByTimeAsync(30_000)
          else if (step === 'reconnect') source.reconnect()
          else if (step === 'close') {
            source.close()
            isClosed = true
          }
          if (isClosed) expect(source.readyState).toBe(source.CLOSED)
          await settle()
          expect(violations).toEqual([])
        }
        source.close()
        isClosed = true
        const { calls } = scripted
        scripted.respond()
        scripted.send('data: late\n\n')
        source.reconnect()
        await vi.advanceTimersByTimeAsync(60_000)
        expect(violations).toEqual([])
        expect(scripted.calls).toBe(calls)
        expect(source.readyState).toBe(source.CLOSED)
        expect(vi.getTimerCount()).toBe(0)
      }),
      { numRuns: 200 },
    )
  })
})

describe('The wait for the next attempt can end early', () => {
  async function startWaiting(scripted: ScriptedFetch): Promise<EventSource> {
    const source = new EventSource(url, { fetch: scripted.fetch, retry: { initialDelay: 25_000, jitter: 0 } })
    await settle()
    scripted.fail(new Error('reset'))
    await settle()
    await vi.advanceTimersByTimeAsync(5_500)
    expect(scripted.calls).toBe(1)
    return source
  }

  it('The wait ends within a second after the machine wakes up', async () => {
    const scripted = new ScriptedFetch()
    const source = await startWaiting(scripted)
    vi.setSystemTime(Date.now() + 3_600_000)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(scripted.calls).toBe(2)
    source.close()
  })

  it('The wait ends when the network is back', async () => {
    const network = new EventTarget()
    vi.stubGlobal('addEventListener', network.addEventListener.bind(network))
    vi.stubGlobal('removeEventListener', network.removeEventListener.bind(network))
    const scripted = new ScriptedFetch()
    const source = await startWaiting(scripted)
    network.dispatchEvent(new Event('online'))
    await settle()
    expect(scripted.calls).toBe(2)
    source.close()
    expect(getEventListeners(network, 'online')).toHaveLength(0)
  })
})

describe('A source works in a page that lacks something', () => {
  it.each([
    ['has no members', {}],
    ['has no functions', { hidden: false, baseURI: undefined }],
    ['belongs to no window', { hidden: false, defaultView: null, addEventListener() {} }],
    [
      'has functions that throw',
      {
        hidden: false,
        addEventListener() {
          throw new TypeError('Illegal invocation')
        },
      },
    ],
  ])('A document that %s does not keep a source from receiving events', async (_, document) => {
    vi.stubGlobal('document', document)
    for (const addEventListener of [undefined, () => expect.unreachable]) {
      vi.stubGlobal('addEventListener', addEventListener)
      const scripted = new ScriptedFetch()
      const source = new EventSource(url, { fetch: scripted.fetch, pauseWhenHidden: true })
      const received: string[] = []
      source.onmessage = ({ data }) => received.push(data)
      await settle()
      scripted.respond()
      scripted.send('data: a\n\n')
      await settle()
      expect(received).toEqual(['a'])
      source.close()
    }
  })

  it('A window whose addEventListener throws does not keep a source from receiving events', async () => {
    vi.stubGlobal('document', { hidden: false })
    const fail = (): never => {
      throw new TypeError('Illegal invocation')
    }
    vi.stubGlobal('addEventListener', fail)
    vi.stubGlobal('removeEventListener', fail)
    const scripted = new ScriptedFetch()
    const source = new EventSource(url, { fetch: scripted.fetch })
    await settle()
    scripted.respond()
    await settle()
    expect(source.readyState).toBe(1)
    scripted.fail(new Error('reset'))
    await vi.advanceTimersByTimeAsync(60_000)
    expect(scripted.calls).toBe(2)
    source.close()
  })
})

describe('A source works where a test tool has replaced the classes of events', () => {
  it('Events arrive although Event and EventTarget are replaced after the import', async () => {
    class OtherEvent {}
    class OtherTarget {
      dispatchEvent(event: unknown): void {
        if (!(event instanceof OtherEvent)) throw new TypeError('not an Event of this window')
      }
    }
    vi.stubGlobal('Event', OtherEvent)
    vi.stubGlobal('EventTarget', OtherTarget)
    const scripted = new ScriptedFetch()
    const source = new EventSource(url, { fetch: scripted.fetch })
    const received: string[] = []
    source.onopen = ({ type }) => received.push(type)
    source.onmessage = ({ data }) => received.push(data)
    await settle()
    scripted.respond()
    scripted.send('data: a\n\n')
    await settle()
    expect(received).toEqual(['open', 'a'])
    source.close()
  })
})

describe('Libraries that were written for the npm package eventsource work', () => {
  it('A library finds out that the option fetch has an effect', () => {
    expect(Reflect.get(EventSource, Symbol.for('eventsource.supports-fetch-override'))).toBe(true)
  })
})

describe('Many sources can share one signal', () => {
  it('30 sources on one signal have one listener, cause no warning, and are all closed by it', async () => {
    const warnings: Error[] = []
    const onWarning = (warning: Error): number => warnings.push(warning)
    process.on('warning', onWarning)
    const controller = new AbortController()
    const scripted = new ScriptedFetch()
    const init = { fetch: scripted.fetch, signal: controller.signal }
    const sources = Array.from({ length: 30 }, () => new EventSource(url, init))
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1)
    sources[0]?.close()
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1)
    controller.abort()
    expect(sources.map(({ readyState }) => readyState)).toEqual(Array.from({ length: 30 }, () => 2))
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
    vi.useRealTimers()
    await new Promise((resolve) => setImmediate(resolve))
    process.off('warning', onWarning)
    expect(warnings).toEqual([])
  })
})

describe('The class works without Symbol.dispose', () => {
  it('The class is complete and has no member named undefined where Symbol.dispose is missing', async () => {
    const { iterator, asyncIterator, toStringTag, hasInstance, toPrimitive, species, unscopables } = Symbol
    const wellKnown = { iterator, asyncIterator, toStringTag, hasInstance, toPrimitive, species, unscopables }
    const createSymbol = Symbol
    const registry = { for: createSymbol.for, keyFor: createSymbol.keyFor }
    const OldSymbol = Object.assign((description?: string) => createSymbol(description), wellKnown, registry)
    vi.resetModules()
    vi.stubGlobal('Symbol', OldSymbol)
    const { EventSource: Fresh, sourceKind } = await import('../src/event-source.ts')
    vi.unstubAllGlobals()
    expect('undefined' in Fresh.prototype).toBe(false)
    const symbols = Reflect.ownKeys(Fresh.prototype).filter((key) => typeof key === 'symbol')
    expect(symbols).toEqual([sourceKind, Symbol.toStringTag])
    const source = new Fresh(url)
    source.close()
    expect(source.readyState).toBe(2)
  })
})
