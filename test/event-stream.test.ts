import { getEventListeners, once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import * as v from 'valibot'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Answer, SeenRequest } from '../fixtures/feed-server/plan.ts'
import { type FeedServer, startFeedServer } from '../fixtures/feed-server.ts'
import {
  type EventStream,
  EventStreamError,
  type EventStreamIterator,
  openEventStream,
  type ServerSentEvent,
  type StandardSchema,
} from '../src/event-stream/event-stream.ts'
import type { ErrorDetails } from '../src/events.ts'
import { endedStream, stream as openStream, refusal, tornStream } from './conformance/answers.ts'
import { type PlannedFeed, planFeed } from './event-stream/planned-feed.ts'

let server: FeedServer

beforeAll(async () => {
  server = await startFeedServer()
})

afterAll(() => server.close())

const plan = (...answers: readonly Answer[]): Promise<PlannedFeed> => planFeed(server, ...answers)

/** The data of all events until the stream is done. */
async function collect<Data>(stream: AsyncIterable<ServerSentEvent<Data>>): Promise<Data[]> {
  const collected: Data[] = []
  for await (const { data } of stream) collected.push(data)
  return collected
}

/** What a promise is rejected with. */
async function reasonOf(promise: Promise<unknown>): Promise<EventStreamError> {
  try {
    await promise
  } catch (error) {
    return error as EventStreamError
  }
  throw new Error('it was not rejected')
}

async function next<Data>(iterator: EventStreamIterator<Data>): Promise<Data | undefined> {
  return (await iterator.next()).value?.data
}

function headerOf(request: SeenRequest | undefined, name: string): string | undefined {
  return request?.headers.find(([sent]) => sent.toLowerCase() === name)?.[1]
}

const done = { done: true, value: undefined }
const numbers = (first: number, last: number): string =>
  Array.from({ length: last - first + 1 }, (_, index) => `id: ${first + index}\ndata: ${first + index}\n\n`).join('')

/**
 * Answers with chunks that are made one by one, when they are asked for: over a network nobody could tell how much of the
 * stream has been read.
 */
function chunksOf(text: (chunk: number) => string): { fetch: () => Promise<Response>; read: () => number } {
  let read = 0
  const fetch = async (): Promise<Response> => {
    const body = new ReadableStream<Uint8Array>(
      { pull: (controller) => controller.enqueue(new TextEncoder().encode(text(++read))) },
      { highWaterMark: 0 },
    )
    return new Response(body, { headers: { 'Content-Type': 'text/event-stream' } })
  }
  return { fetch, read: () => read }
}

describe('an event stream', () => {
  it('yields each event with its type, data, last event ID and origin', async () => {
    const feed = await plan(openStream('data: 1\n\n', 'id: a\nevent: tick\ndata: 2\ndata: 3\n\n', 'data: 4\n\n'))
    const events: ServerSentEvent[] = []
    for await (const event of openEventStream(new URL(feed.url))) {
      if (events.push(event) === 3) break
    }
    const { origin } = server
    expect(events).toEqual([
      { type: 'message', data: '1', lastEventId: '', origin },
      { type: 'tick', data: '2\n3', lastEventId: 'a', origin },
      { type: 'message', data: '4', lastEventId: 'a', origin },
    ])
  })

  it('names the origin of the response, not that of the request', async () => {
    const there = await planFeed({ ...server, origin: server.otherOrigin }, openStream('data: 1\n\n'))
    const feed = await plan({ status: 307, headers: [['Location', there.url]], ending: 'end' })
    for await (const { origin } of openEventStream(feed.url)) {
      expect(origin).toBe(server.otherOrigin)
      break
    }
  })

  it('connects by itself, before anybody reads', async () => {
    const feed = await plan(openStream())
    const stream = openEventStream(feed.url)
    await feed.requests({ count: 1 })
    stream.close()
    await feed.requests({ over: 1 })
  })

  it('takes the options of EventSource', async () => {
    const feed = await plan(endedStream('data: 1\n\n'))
    const init = { method: 'post', body: 'question', headers: { 'X-Token': 'secret' }, lastEventId: '7' }
    expect(await collect(openEventStream(feed.url, init))).toEqual(['1'])
    const [request] = await feed.requests({ count: 1 })
    expect(request).toMatchObject({ method: 'POST', body: 'question' })
    expect(headerOf(request, 'last-event-id')).toBe('7')
    expect(headerOf(request, 'x-token')).toBe('secret')
  })

  it('reconnects after each interruption, resumes, and tells of it', async () => {
    const feed = await plan(
      endedStream('retry: 1\n\n', numbers(1, 2)),
      tornStream(numbers(3, 3), { gate: 'tear' }, 'id: 4\ndata: incomplete'),
      refusal(503),
      openStream(numbers(4, 5)),
    )
    const interruptions: ErrorDetails[] = []
    const received: string[] = []
    const init = { retry: { statuses: [503] }, onInterruption: (details: ErrorDetails) => interruptions.push(details) }
    for await (const { data } of openEventStream(feed.url, init)) {
      received.push(data)
      // What has not been read when a connection breaks, is lost with it.
      if (data === '3') await feed.openGate('tear')
      if (data === '5') break
    }
    expect(received).toEqual(['1', '2', '3', '4', '5'])
    expect(interruptions).toMatchObject([
      { code: 'ended', attempt: 1, willReconnect: true },
      { code: 'network', attempt: 2, willReconnect: true },
      { code: 'status', attempt: 3, status: 503, willReconnect: true },
    ])
    expect(interruptions.every(({ delay }) => typeof delay === 'number')).toBe(true)
    const requests = await feed.requests({ count: 4, over: 4 })
    const ids = requests.map((request) => headerOf(request, 'last-event-id'))
    expect(ids).toEqual([undefined, '2', '3', '3'])
  })

  it('never yields the event of an incomplete block', async () => {
    for (const rest of ['data: 2', 'data: 2\n', 'id: 2\ndata: 2\r']) {
      const feed = await plan(endedStream('id: 1\ndata: 1\n\n', rest))
      const stream = openEventStream(feed.url, { reconnectOnEnd: false })
      expect(await collect(stream), JSON.stringify(rest)).toEqual(['1'])
      expect(stream.lastEventId).toBe('1')
    }
  })
})

describe('lastEventId', () => {
  it('is that of the last event handed out, while later ones wait in the buffer', async () => {
    const feed = await plan(openStream(numbers(1, 3)))
    const stream = openEventStream(feed.url, { lastEventId: '0' })
    expect(stream.lastEventId).toBe('0')
    const seen: string[] = []
    for await (const { data } of stream) {
      seen.push(`${data} ${stream.lastEventId}`)
      if (data === '2') break
    }
    expect(seen).toEqual(['1 1', '2 2'])
    expect(stream.lastEventId).toBe('2')
  })

  it('stays at the event before one that cannot be decoded', async () => {
    const feed = await plan(openStream('id: 1\ndata: 1\n\nid: 2\ndata: {\n\n'))
    const stream = openEventStream(feed.url, { decode: JSON.parse })
    await expect(collect(stream)).rejects.toMatchObject({ code: 'decode', lastEventId: '2' })
    expect(stream.lastEventId).toBe('1')
  })

  it('passes over the event that ends the stream', async () => {
    const feed = await plan(openStream(numbers(1, 3)))
    const stream = openEventStream(feed.url, { until: ({ data }) => data === '3' })
    await collect(stream)
    expect(stream.lastEventId).toBe('2')
  })
})

describe('the iterator', () => {
  let feed: PlannedFeed
  const opened: EventStream[] = []

  const open = async (...answers: readonly Answer[]): Promise<EventStream> => {
    feed = await plan(...answers)
    const stream = openEventStream(feed.url)
    opened.push(stream)
    return stream
  }

  afterAll(() => {
    for (const stream of opened) stream.close()
  })

  it('ends the request when the loop is left, and nothing reconnects', async () => {
    for (const leave of ['break', 'return', 'throw'] as const) {
      const stream = await open(openStream('retry: 1\n\n', numbers(1, 3)))
      const loop = async (): Promise<void> => {
        for await (const { data } of stream) {
          expect(data).toBe('1')
          if (leave === 'break') break
          if (leave === 'return') return
          throw new Error('the loop failed')
        }
      }
      const result = await loop().catch((error: Error) => error.message)
      expect(result).toBe(leave === 'throw' ? 'the loop failed' : undefined)
      await pause(30)
      expect(await feed.requests({ over: 1 })).toMatchObject([{ cutByClient: true }])
    }
  })

  it('answers calls of next() in their order, however many wait', async () => {
    const stream = await open({ body: [{ gate: 'go' }, numbers(1, 4)], ending: 'end' })
    const iterator = stream[Symbol.asyncIterator]()
    const waiting = [iterator.next(), iterator.next(), iterator.next()]
    await feed.openGate('go')
    const results = await Promise.all([...waiting, iterator.next()])
    expect(results.map(({ value }) => value?.data)).toEqual(['1', '2', '3', '4'])
    await iterator.return()
  })

  it('can be iterated itself, to go on from an event taken by hand', async () => {
    const stream = await open(openStream(numbers(1, 3)))
    const iterator = stream[Symbol.asyncIterator]()
    expect(await next(iterator)).toBe('1')
    const rest: string[] = []
    for await (const { data } of iterator) {
      rest.push(data)
      if (data === '3') break
    }
    expect(rest).toEqual(['2', '3'])
    expect(await iterator.next()).toEqual(done)
  })

  it('is done after return(), which ends a next() that waits', async () => {
    const iterator = (await open(openStream()))[Symbol.asyncIterator]()
    const waiting = [iterator.next(), iterator.next()]
    await feed.requests({ count: 1 })
    expect(await iterator.return()).toEqual(done)
    expect(await Promise.all(waiting)).toEqual([done, done])
    expect(await iterator.next()).toEqual(done)
    expect(await iterator.return()).toEqual(done)
    expect(await feed.requests({ over: 1 })).toMatchObject([{ cutByClient: true }])
  })

  it('closes the stream upon throw(), which is rejected with what it was given', async () => {
    const iterator = (await open(openStream()))[Symbol.asyncIterator]()
    const waiting = iterator.next()
    await feed.requests({ count: 1 })
    const error = new Error('enough')
    expect(await reasonOf(iterator.throw(error))).toBe(error)
    expect(await waiting).toEqual(done)
    expect(await iterator.next()).toEqual(done)
    await feed.requests({ over: 1 })
  })

  it('is for one consumer', async () => {
    const iterated = await open(openStream('data: 1\n\n'))
    const iterator = iterated[Symbol.asyncIterator]()
    expect(() => iterated[Symbol.asyncIterator]()).toThrow(TypeError)
    expect(() => iterated.toReadableStream()).toThrow(TypeError)
    await expect(collect(iterated)).rejects.toThrow('the stream has a consumer already')
    expect(await next(iterator)).toBe('1')

    const converted = await open(openStream('data: 1\n\n'))
    const reader = converted.toReadableStream().getReader()
    expect(() => converted[Symbol.asyncIterator]()).toThrow(TypeError)
    expect(() => converted.toReadableStream()).toThrow(TypeError)
    expect((await reader.read()).value?.data).toBe('1')
  })
})

describe('close()', () => {
  it('ends the request, and a next() that waits is done', async () => {
    const feed = await plan(openStream())
    const stream = openEventStream(feed.url)
    const iterator = stream[Symbol.asyncIterator]()
    const waiting = iterator.next()
    await feed.requests({ count: 1 })
    stream.close()
    expect(await waiting).toEqual(done)
    expect(await feed.requests({ over: 1 })).toMatchObject([{ cutByClient: true }])
    stream.close()
    expect(await iterator.next()).toEqual(done)
  })

  it('drops what was not delivered', async () => {
    const feed = await plan(openStream(numbers(1, 5)))
    const stream = openEventStream(feed.url)
    const received: string[] = []
    for await (const { data } of stream) {
      received.push(data)
      stream.close()
    }
    expect(received).toEqual(['1'])
  })

  it('ends a next() that waits for a decoder', async () => {
    const feed = await plan(openStream(numbers(1, 2)))
    let called = (): void => {}
    const decoding = new Promise<void>((resolve) => {
      called = resolve
    })
    const stream = openEventStream(feed.url, {
      decode: (): Promise<string> => {
        called()
        return new Promise(() => {})
      },
    })
    const iterator = stream[Symbol.asyncIterator]()
    const waiting = iterator.next()
    await decoding
    stream.close()
    expect(await waiting).toEqual(done)
    expect(await iterator.next()).toEqual(done)
    expect(stream.lastEventId).toBe('')
  })

  it('ends the wait for a reconnection', async () => {
    const feed = await plan(endedStream(numbers(1, 1)))
    let interrupted = (): void => {}
    const interruption = new Promise<void>((resolve) => {
      interrupted = resolve
    })
    const stream = openEventStream(feed.url, { onInterruption: () => interrupted() })
    const iterator = stream[Symbol.asyncIterator]()
    await iterator.next()
    const waiting = iterator.next()
    await interruption
    stream.close()
    expect(await waiting).toEqual(done)
    expect(await feed.requests({})).toHaveLength(1)
  })

  it.each(['until', 'decode', 'onSkip', 'onInterruption', 'onRequest', 'onResponse', 'onComment'])(
    'may be called from within %s',
    async (member) => {
      const feed = await plan(endedStream('retry: 1\n\n', ': comment\n\n', 'data: 1\n\n', 'data: 2\n\n'))
      const stream = openEventStream(feed.url, {
        onDecodeError: 'skip',
        decode(data) {
          if (member === 'onSkip') throw new Error('skip it')
          return data
        },
        [member]: () => {
          stream.close()
          return false
        },
      })
      expect(await collect(stream)).toEqual(member === 'onInterruption' ? ['1', '2'] : [])
    },
  )

  it('comes from "await using"', async () => {
    const feed = await plan(openStream())
    let waiting: Promise<unknown>
    {
      await using stream = openEventStream(feed.url)
      waiting = stream[Symbol.asyncIterator]().next()
      await feed.requests({ count: 1 })
    }
    expect(await waiting).toEqual(done)
    await feed.requests({ over: 1 })
  })
})

describe('a stream ends', () => {
  it('at the event that until() is true for, which is not delivered', async () => {
    const feed = await plan(openStream('data: 1\n\ndata: 2\n\ndata: [DONE]\n\ndata: 3\n\n'))
    const seen: ServerSentEvent[] = []
    const stream = openEventStream(feed.url, {
      until(event) {
        seen.push(event)
        return event.data === '[DONE]'
      },
      decode: Number,
    })
    expect(await collect(stream)).toEqual([1, 2])
    expect(seen.map(({ data }) => data)).toEqual(['1', '2', '[DONE]'])
    expect(await feed.requests({ over: 1 })).toHaveLength(1)
  })

  it('and its request with it, while the consumer has yet to take the events before', async () => {
    const feed = await plan(openStream('data: 1\n\ndata: 2\n\nevent: end\ndata: -\n\n'))
    const stream = openEventStream(feed.url, { until: ({ type }) => type === 'end' })
    expect(await feed.requests({ over: 1 })).toMatchObject([{ cutByClient: true }])
    expect(await collect(stream)).toEqual(['1', '2'])
  })

  it('with what until() throws, after the events before', async () => {
    const feed = await plan(openStream(numbers(1, 3)))
    const error = new Error('no idea')
    const iterator = openEventStream(feed.url, {
      until({ data }) {
        if (data === '2') throw error
        return false
      },
    })[Symbol.asyncIterator]()
    await feed.requests({ over: 1 })
    expect(await next(iterator)).toBe('1')
    expect(await reasonOf(iterator.next())).toBe(error)
  })

  it('with status 204', async () => {
    const feed = await plan(endedStream('retry: 1\n\ndata: 1\n\n'), { status: 204, contentType: null, ending: 'end' })
    expect(await collect(openEventStream(feed.url))).toEqual(['1'])
    expect(await feed.requests({ over: 2 })).toHaveLength(2)
  })

  it('with the clean end of an answer to a request that is not GET', async () => {
    for (const body of ['question', new Blob(['question']).stream()]) {
      const feed = await plan(endedStream(numbers(1, 3)))
      const interruptions: ErrorDetails[] = []
      const onInterruption = (details: ErrorDetails): number => interruptions.push(details)
      expect(await collect(openEventStream(feed.url, { method: 'POST', body, onInterruption }))).toEqual([
        '1',
        '2',
        '3',
      ])
      expect(await feed.requests({ over: 1 })).toHaveLength(1)
      expect(interruptions).toEqual([])
    }
  })

  it('even if there was no event in it, and the policy would give up', async () => {
    const feed = await plan(endedStream())
    expect(await collect(openEventStream(feed.url, { method: 'POST', retry: { maxAttempts: 1 } }))).toEqual([])
  })

  it('with a clean end as reconnectOnEnd says', async () => {
    const finite = await plan(endedStream('data: 1\n\n'))
    expect(await collect(openEventStream(finite.url, { reconnectOnEnd: false }))).toEqual(['1'])
    expect(await finite.requests({ over: 1 })).toHaveLength(1)

    const endless = await plan(endedStream('retry: 1\n\nid: 1\ndata: 1\n\n'), endedStream('data: 2\n\n'), {
      status: 204,
    })
    const init = { method: 'POST', body: 'question', reconnectOnEnd: true }
    expect(await collect(openEventStream(endless.url, init))).toEqual(['1', '2'])
    expect(await endless.requests({ count: 3 })).toMatchObject([{ body: 'question' }, { body: 'question' }, {}])
  })

  it('with a clean end that the retry option lets nothing follow', async () => {
    for (const retry of [false, (): false => false] as const) {
      const feed = await plan(endedStream('data: 1\n\n'))
      expect(await collect(openEventStream(feed.url, { retry }))).toEqual(['1'])
    }
  })

  it('but not with an answer that broke off', async () => {
    const feed = await plan(tornStream('retry: 1\n\nid: 1\ndata: 1\n\n', { gate: 'tear' }), endedStream('data: 2\n\n'))
    const received: string[] = []
    for await (const { data } of openEventStream(feed.url, { method: 'POST', body: 'question' })) {
      received.push(data)
      await feed.openGate('tear')
    }
    expect(received).toEqual(['1', '2'])
    const broken = await plan(tornStream('data: 1\n\n', { gate: 'tear' }))
    const iterator = openEventStream(broken.url, { method: 'POST', retry: false })[Symbol.asyncIterator]()
    expect(await next(iterator)).toBe('1')
    await broken.openGate('tear')
    expect(await reasonOf(iterator.next())).toMatchObject({ code: 'network' })
  })
})

describe('an aborted signal', () => {
  it('rejects what waits, and what comes later, with its reason', async () => {
    const feed = await plan(openStream(numbers(1, 1)))
    const controller = new AbortController()
    const stream = openEventStream(feed.url, { signal: controller.signal })
    const iterator = stream[Symbol.asyncIterator]()
    expect(await next(iterator)).toBe('1')
    const waiting = [iterator.next(), iterator.next()]
    const reason = new Error('enough')
    controller.abort(reason)
    expect(await Promise.all(waiting.map(reasonOf))).toEqual([reason, reason])
    expect(await reasonOf(iterator.next())).toBe(reason)
    expect(await feed.requests({ over: 1 })).toMatchObject([{ cutByClient: true }])
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
    expect(await iterator.return()).toEqual(done)
  })

  it('drops what was not delivered', async () => {
    const feed = await plan(openStream(numbers(1, 3)))
    const controller = new AbortController()
    const received: string[] = []
    const loop = async (): Promise<void> => {
      for await (const { data } of openEventStream(feed.url, { signal: controller.signal })) {
        received.push(data)
        controller.abort()
      }
    }
    expect(await reasonOf(loop())).toBe(controller.signal.reason)
    expect(received).toEqual(['1'])
  })

  it('does so when the connection is over already', async () => {
    const feed = await plan(endedStream(numbers(1, 3)))
    const controller = new AbortController()
    const stream = openEventStream(feed.url, { signal: controller.signal, reconnectOnEnd: false })
    const iterator = stream[Symbol.asyncIterator]()
    expect(await next(iterator)).toBe('1')
    await feed.requests({ over: 1 })
    controller.abort()
    expect(await reasonOf(iterator.next())).toBe(controller.signal.reason)
  })

  it('lets no request leave if it was aborted before', async () => {
    const feed = await plan(openStream(numbers(1, 1)))
    const reason = new Error('never')
    const stream = openEventStream(feed.url, { signal: AbortSignal.abort(reason) })
    expect(await reasonOf(collect(stream))).toBe(reason)
    expect(await feed.requests({})).toEqual([])
  })

  it('changes nothing after the end', async () => {
    const feed = await plan(endedStream(numbers(1, 1)))
    const controller = new AbortController()
    const stream = openEventStream(feed.url, { signal: controller.signal, method: 'POST' })
    const iterator = stream[Symbol.asyncIterator]()
    await iterator.next()
    expect(await iterator.next()).toEqual(done)
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
    controller.abort()
    expect(await iterator.next()).toEqual(done)
  })
})

describe('a failure', () => {
  it('is thrown with all that the response said, after the events before it', async () => {
    const feed = await plan(endedStream('retry: 1\n\n', numbers(1, 2)), refusal(403, 'no more', [['X-Why', 'quota']]))
    const stream = openEventStream(feed.url)
    await feed.requests({ over: 2 })
    const iterator = stream[Symbol.asyncIterator]()
    expect([await next(iterator), await next(iterator)]).toEqual(['1', '2'])
    const error = await reasonOf(iterator.next())
    expect(error).toBeInstanceOf(EventStreamError)
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({ name: 'EventStreamError', code: 'status', status: 403, body: 'no more', attempt: 2 })
    expect(error.headers?.get('x-why')).toBe('quota')
    expect(error.message).toContain('403')
    expect(String(error)).toMatch(/^EventStreamError: /)
    expect(error.stack).toMatch(/^EventStreamError: /)
    expect(Object.keys(error).sort()).toEqual(['attempt', 'body', 'code', 'headers', 'status'])
    expect(await reasonOf(iterator.next())).toBe(error)
    expect(await iterator.return()).toEqual(done)
  })

  it('carries its cause', async () => {
    const cause = new Error('no token')
    const headers = (): never => {
      throw cause
    }
    const error = await reasonOf(collect(openEventStream(server.origin, { headers, retry: false })))
    expect(error).toMatchObject({ code: 'callback', cause, attempt: 1, status: undefined })
  })

  it('is that of the class: content type, too large, gave up', async () => {
    const page = await plan({ contentType: 'text/html', body: ['<p>'], ending: 'end' })
    expect(await reasonOf(collect(openEventStream(page.url)))).toMatchObject({ code: 'content-type', body: '<p>' })
    const large = await plan(openStream(`data: ${'x'.repeat(100)}\n\n`))
    const tooLarge = openEventStream(large.url, { maxEventSize: 50 })
    expect(await reasonOf(collect(tooLarge))).toMatchObject({ code: 'too-large' })
    const down = await plan({ withoutHead: true, ending: 'reset' })
    const retry = { maxAttempts: 2, initialDelay: 1 }
    expect(await reasonOf(collect(openEventStream(down.url, { retry })))).toMatchObject({ code: 'gave-up', attempt: 2 })
  })

  it('of a stream that nobody reads is kept for whoever will', async () => {
    const feed = await plan(refusal(403))
    const stream = openEventStream(feed.url)
    await feed.requests({ over: 1 })
    await pause(30)
    expect(await reasonOf(collect(stream))).toMatchObject({ status: 403 })
  })

  it('rejects each next() that waits, and those that nobody awaits do no harm', async () => {
    const feed = await plan({ ...refusal(403), headAfter: 'go' })
    const iterator = openEventStream(feed.url)[Symbol.asyncIterator]()
    const first = iterator.next()
    void iterator.next()
    void iterator.next()
    await feed.openGate('go')
    expect(await reasonOf(first)).toMatchObject({ status: 403 })
    // An unhandled rejection would be reported by now, and vitest would fail.
    await pause(10)
  })
})

describe('decode', () => {
  const price = { price: 1.5 }
  const body = `data: ${JSON.stringify(price)}\n\n`
  const wrong = 'id: 7\ndata: {"price":"high"}\n\n'

  it('is a function, plain or async', async () => {
    for (const decode of [(data: string) => data.length, async (data: string) => data.length]) {
      const feed = await plan(endedStream('data: 12345\n\ndata: 1\n\n'))
      expect(await collect(openEventStream(feed.url, { decode, reconnectOnEnd: false }))).toEqual([5, 1])
    }
  })

  it('leaves the rest of the event alone', async () => {
    const feed = await plan(openStream('id: 1\nevent: tick\ndata: [1]\n\n'))
    for await (const event of openEventStream(feed.url, { decode: JSON.parse })) {
      expect(event).toEqual({ type: 'tick', data: [1], lastEventId: '1', origin: server.origin })
      break
    }
  })

  it('keeps the order, one event after the other, however long it takes', async () => {
    let running = 0
    const decode = async (data: string): Promise<string> => {
      expect(++running).toBe(1)
      await pause(data === '1' ? 20 : 0)
      running--
      return data
    }
    const feed = await plan(openStream(numbers(1, 4)))
    const iterator = openEventStream(feed.url, { decode })[Symbol.asyncIterator]()
    const results = await Promise.all([iterator.next(), iterator.next(), iterator.next(), iterator.next()])
    expect(results.map(({ value }) => value?.data)).toEqual(['1', '2', '3', '4'])
    await iterator.return()
  })

  type Price = typeof price
  type Validate = StandardSchema<Price>['~standard']['validate']
  const own = (validate: Validate): StandardSchema<Price> => ({ '~standard': { validate } })
  const validatePrice: Validate = (value) =>
    typeof (value as Price).price === 'number' ? { value: value as Price } : { issues: [{ message: 'not a number' }] }
  const ownSchema = own(validatePrice)
  const asyncSchema = own(async (value) => {
    await pause(1)
    return validatePrice(value)
  })
  const callableSchema = Object.assign(() => 'called', ownSchema)

  describe.each<[name: string, schema: StandardSchema<Price>]>([
    ['zod', z.object({ price: z.number() })],
    ['zod, async', z.object({ price: z.number().refine(async (value) => value > 0) })],
    ['valibot', v.object({ price: v.number() })],
    [
      'valibot, async',
      v.pipeAsync(
        v.object({ price: v.number() }),
        v.checkAsync(async () => true),
      ),
    ],
    ['a schema of our own', ownSchema],
    ['an async schema of our own', asyncSchema],
    ['a schema that is a function, too', callableSchema],
  ])('is a Standard Schema: %s', (_name, decode) => {
    it('which gets what JSON.parse makes of the data', async () => {
      const feed = await plan(openStream(body))
      const stream = openEventStream(feed.url, { decode })
      expect(await next(stream[Symbol.asyncIterator]())).toEqual(price)
      stream.close()
    })

    it('whose issues are thrown', async () => {
      const feed = await plan(openStream(body, wrong, body))
      const stream = openEventStream(feed.url, { decode })
      const iterator = stream[Symbol.asyncIterator]()
      expect(await next(iterator)).toEqual(price)
      const error = await reasonOf(iterator.next())
      expect(error).toBeInstanceOf(EventStreamError)
      expect(error).toMatchObject({ code: 'decode', data: '{"price":"high"}', lastEventId: '7' })
      const { message, issues } = error.cause as Error & { issues: { message: string }[] }
      expect(issues.map((issue) => issue.message)).toContain(message)
      expect(error.message).toContain(message)
      expect(await feed.requests({ over: 1 })).toMatchObject([{ cutByClient: true }])
    })

    it('which is not asked about data that is not JSON', async () => {
      const feed = await plan(openStream('data: {"price":\n\n'))
      const error = await reasonOf(collect(openEventStream(feed.url, { decode })))
      expect(error).toMatchObject({ code: 'decode', data: '{"price":', cause: expect.any(SyntaxError) })
    })
  })

  it('throws what a function throws or rejects with, as the cause', async () => {
    const cause = new Error('odd')
    const failing = (): never => {
      throw cause
    }
    for (const decode of [failing, async () => failing()]) {
      const feed = await plan(openStream('data: 1\n\n'))
      const error = await reasonOf(collect(openEventStream(feed.url, { decode })))
      expect(error).toMatchObject({ code: 'decode', cause, data: '1', lastEventId: '' })
      expect(error.message).toContain('odd')
    }
  })

  it('keeps no more than the first 8 KiB of the data in the error', async () => {
    const feed = await plan(openStream('data: ', { text: 'x', times: 10_000 }, '\n\n'))
    const { data } = await reasonOf(collect(openEventStream(feed.url, { decode: JSON.parse })))
    expect(data).toBe('x'.repeat(8_192))
  })

  it('passes over an event that it fails for, and tells of it, with onDecodeError "skip"', async () => {
    const feed = await plan(openStream('data: 1\n\nid: 7\ndata: {\n\nid: 8\ndata: {{\n\ndata: 2\n\n'))
    const skipped: EventStreamError[] = []
    const stream = openEventStream(feed.url, {
      decode: JSON.parse,
      onDecodeError: 'skip',
      onSkip: (error) => skipped.push(error),
    })
    const received: number[] = []
    for await (const { data } of stream) {
      received.push(data)
      if (data === 2) break
    }
    expect(received).toEqual([1, 2])
    expect(skipped).toMatchObject([
      { code: 'decode', data: '{', lastEventId: '7' },
      { code: 'decode', data: '{{', lastEventId: '8' },
    ])
    expect(skipped.every((error) => error instanceof EventStreamError)).toBe(true)
  })

  it('counts a skipped event as dealt with', async () => {
    const feed = await plan(openStream('id: 1\ndata: 1\n\nid: 2\ndata: {\n\n'))
    let skipped = (): void => {}
    const skip = new Promise<void>((resolve) => {
      skipped = resolve
    })
    const stream = openEventStream(feed.url, { decode: JSON.parse, onDecodeError: 'skip', onSkip: () => skipped() })
    const iterator = stream[Symbol.asyncIterator]()
    await iterator.next()
    void iterator.next()
    await skip
    expect(stream.lastEventId).toBe('2')
    stream.close()
  })
})

describe('backpressure', () => {
  it('stops the reading at highWaterMark events until the consumer takes one', async () => {
    const { fetch, read } = chunksOf((chunk) => `data: ${chunk}\n\n`)
    const stream = openEventStream('http://feed.example/', { fetch, highWaterMark: 3 })
    const iterator = stream[Symbol.asyncIterator]()
    await expect.poll(read).toBe(3)
    await pause(10)
    expect(read()).toBe(3)
    expect(await next(iterator)).toBe('1')
    await expect.poll(read).toBe(4)
    for (let number = 2; number <= 50; number++) expect(await next(iterator)).toBe(String(number))
    await expect.poll(read).toBe(53)
    stream.close()
  })

  it('holds 64 events unless told', async () => {
    const { fetch, read } = chunksOf((chunk) => `data: ${chunk}\n\n`)
    const stream = openEventStream('http://feed.example/', { fetch })
    await expect.poll(read).toBe(64)
    await pause(10)
    expect(read()).toBe(64)
    stream.close()
  })

  it('counts a large event for several', async () => {
    const { fetch, read } = chunksOf(() => `data: ${'x'.repeat(64 * 1_024)}\n\n`)
    const stream = openEventStream('http://feed.example/', { fetch })
    await expect.poll(read).toBe(4)
    await pause(10)
    expect(read()).toBe(4)
    stream.close()
  })

  it('keeps all events of the chunk that went beyond', async () => {
    const { fetch, read } = chunksOf((chunk) => numbers(chunk * 10 - 9, chunk * 10))
    const stream = openEventStream('http://feed.example/', { fetch, highWaterMark: 2 })
    await expect.poll(read).toBe(1)
    await pause(10)
    expect(read()).toBe(1)
    const received: string[] = []
    for await (const { data } of stream) {
      received.push(data)
      if (data === '30') break
    }
    expect(received).toEqual(Array.from({ length: 30 }, (_, index) => String(index + 1)))
  })

  it('does not count the time that the consumer takes as silence', async () => {
    // A feed that is never silent: whatever counts as silence is the consumer's doing.
    const { fetch } = chunksOf((chunk) => `data: ${chunk}\n\n`)
    const interruptions: ErrorDetails[] = []
    const received: string[] = []
    const stream = openEventStream('http://feed.example/', {
      fetch,
      highWaterMark: 1,
      idleTimeout: 100,
      onInterruption: (details) => interruptions.push(details),
    })
    for await (const { data } of stream) {
      received.push(data)
      if (data === '4') break
      // By then the next event waits in the buffer, and nothing is read.
      await pause(250)
      expect(interruptions).toEqual([])
    }
    expect(received).toEqual(['1', '2', '3', '4'])
  })

  it('does not take a consumer that blocks the thread for silence', async () => {
    // In a thread of its own, so that it goes on sending meanwhile.
    const worker = new Worker(
      `const { createServer } = require('node:http')
      const server = createServer((_, response) => {
        response.writeHead(200, { 'Content-Type': 'text/event-stream' })
        const timer = setInterval(() => response.write('data: a\\n\\n'), 20)
        response.on('close', () => clearInterval(timer))
      })
      server.listen(0, '127.0.0.1', () => require('node:worker_threads').parentPort.postMessage(server.address().port))`,
      { eval: true },
    )
    const [port] = await once(worker, 'message')
    const interruptions: ErrorDetails[] = []
    let received = 0
    const onInterruption = (details: ErrorDetails): number => interruptions.push(details)
    const stream = openEventStream(`http://127.0.0.1:${port}/`, { idleTimeout: 2_000, onInterruption })
    for await (const _event of stream) {
      // As a long computation would.
      if (received < 2) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_500)
      // More than the buffer holds, so that events have come from the network since.
      if (++received === 200) break
    }
    await worker.terminate()
    expect(interruptions).toEqual([])
  })

  it('lets go of a request that is paused when the stream is closed, even if its fetch heeds no signal', async () => {
    let cancelled = (): void => {}
    const cancellation = new Promise<void>((resolve) => {
      cancelled = resolve
    })
    const fetch = async (): Promise<Response> => {
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(new TextEncoder().encode('data: 1\n\n')),
        cancel: () => cancelled(),
      })
      return new Response(body, { headers: { 'Content-Type': 'text/event-stream' } })
    }
    const stream = openEventStream('http://feed.example/', { fetch, highWaterMark: 1 })
    await pause(10)
    stream.close()
    await cancellation
  })
})

describe('toReadableStream()', () => {
  it('hands out the events, and ends as the iteration does', async () => {
    const feed = await plan(openStream(numbers(1, 4)))
    const stream = openEventStream(feed.url, { until: ({ data }) => data === '4', decode: Number })
    const doubled = new TransformStream<ServerSentEvent<number>, number>({
      transform: ({ data }, controller) => controller.enqueue(data * 2),
    })
    const received: number[] = []
    for await (const number of stream.toReadableStream().pipeThrough(doubled)) received.push(number)
    expect(received).toEqual([2, 4, 6])
  })

  it('takes an event only when one is read', async () => {
    const feed = await plan(openStream(numbers(1, 3)))
    const stream = openEventStream(feed.url)
    const reader = stream.toReadableStream().getReader()
    await pause(20)
    expect(stream.lastEventId).toBe('')
    expect((await reader.read()).value?.data).toBe('1')
    await pause(5)
    expect(stream.lastEventId).toBe('1')
    stream.close()
    expect((await reader.read()).done).toBe(true)
  })

  it('closes the stream when it is cancelled', async () => {
    const feed = await plan(openStream('retry: 1\n\n'))
    const readable = openEventStream(feed.url).toReadableStream()
    await feed.requests({ count: 1 })
    await readable.cancel('enough')
    await pause(30)
    expect(await feed.requests({ over: 1 })).toMatchObject([{ cutByClient: true }])
  })

  it('is errored by a failure, after the events before it', async () => {
    const feed = await plan(endedStream('retry: 1\n\ndata: 1\n\n'), refusal(500))
    const reader = openEventStream(feed.url).toReadableStream().getReader()
    expect((await reader.read()).value?.data).toBe('1')
    expect(await reasonOf(reader.read())).toMatchObject({ code: 'status', status: 500 })
  })
})

describe('bad input', () => {
  const open = (init: unknown): unknown => openEventStream('http://feed.example/', init as object)

  it.each([
    ['highWaterMark', 0, RangeError],
    ['highWaterMark', Number.NaN, RangeError],
    ['highWaterMark', '64 events', TypeError],
    ['until', '[DONE]', TypeError],
    ['onInterruption', true, TypeError],
    ['onSkip', {}, TypeError],
    ['onDecodeError', 'ignore', TypeError],
    ['decode', {}, TypeError],
    ['decode', 'json', TypeError],
    ['idleTimeout', -1, RangeError],
    ['body', 'a body', TypeError],
  ])('%s: %j is refused by name', (member, value, type) => {
    expect(() => open({ [member]: value })).toThrow(type)
    expect(() => open({ [member]: value })).toThrow(new RegExp(`^${member} is `))
  })

  it('a URL that cannot be parsed is a SyntaxError', () => {
    expect(() => openEventStream('/feed')).toThrow(expect.objectContaining({ name: 'SyntaxError' }))
  })

  it('null is as good as undefined', async () => {
    const feed = await plan(endedStream('data: 1\n\n'))
    const members = ['until', 'decode', 'onSkip', 'onInterruption', 'onDecodeError', 'highWaterMark', 'reconnectOnEnd']
    const init = { ...Object.fromEntries(members.map((member) => [member, null])), signal: null, method: 'POST' }
    expect(await collect(openEventStream(feed.url, init as object))).toEqual(['1'])
    openEventStream(feed.url, null).close()
  })
})
