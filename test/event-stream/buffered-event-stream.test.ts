import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import type { Answer } from '../../fixtures/feed-server/plan.ts'
import type { EventStream, ServerSentEvent } from '../../src/event-stream/event-stream.ts'
import { openEventStream } from '../../src/event-stream/open-event-stream.ts'
import { endedStream, stream as endlessStream, refusal } from '../conformance/answers.ts'
import { startHttpServer } from '../http-server.ts'
import { collect, done, nextData, rejectionOf } from './consume.ts'
import { numberedEvents, type PlannedFeed, useFeedServer } from './planned-feed.ts'

const feedServer = useFeedServer()

describe('A stream knows the ID of the last event that was handed out', () => {
  it('lastEventId is that of the last event handed out, while later events wait in the buffer', async () => {
    const feed = await feedServer.plan(endlessStream(numberedEvents(1, 3)))
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

  it('lastEventId stays at the event before one that cannot be decoded', async () => {
    const feed = await feedServer.plan(endlessStream('id: 1\ndata: 1\n\nid: 2\ndata: {\n\n'))
    const stream = openEventStream(feed.url, { decode: JSON.parse })
    await expect(collect(stream)).rejects.toMatchObject({ reason: 'decode', lastEventId: '2' })
    expect(stream.lastEventId).toBe('1')
  })

  it('lastEventId is not that of the event that ends the stream', async () => {
    const feed = await feedServer.plan(endlessStream(numberedEvents(1, 3)))
    const stream = openEventStream(feed.url, { until: ({ data }) => data === '3' })
    await collect(stream)
    expect(stream.lastEventId).toBe('2')
  })
})

describe('The iterator of a stream takes its events', () => {
  let feed: PlannedFeed
  const opened: EventStream[] = []

  const open = async (...answers: readonly Answer[]): Promise<EventStream> => {
    feed = await feedServer.plan(...answers)
    const stream = openEventStream(feed.url)
    opened.push(stream)
    return stream
  }

  afterAll(() => {
    for (const stream of opened) stream.close()
  })

  it('Leaving the loop ends the request, and nothing reconnects', async () => {
    for (const leave of ['break', 'return', 'throw'] as const) {
      const stream = await open(endlessStream('retry: 1\n\n', numberedEvents(1, 3)))
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

  it('Concurrent calls of next() are answered in order', async () => {
    const stream = await open({ body: [{ gate: 'go' }, numberedEvents(1, 4)], ending: 'end' })
    const iterator = stream[Symbol.asyncIterator]()
    const waiting = [iterator.next(), iterator.next(), iterator.next()]
    await feed.openGate('go')
    const results = await Promise.all([...waiting, iterator.next()])
    expect(results.map(({ value }) => value?.data)).toEqual(['1', '2', '3', '4'])
    await iterator.return()
  })

  it('An iterator can be iterated after some of its events were taken by hand', async () => {
    const stream = await open(endlessStream(numberedEvents(1, 3)))
    const iterator = stream[Symbol.asyncIterator]()
    expect(await nextData(iterator)).toBe('1')
    const rest: string[] = []
    for await (const { data } of iterator) {
      rest.push(data)
      if (data === '3') break
    }
    expect(rest).toEqual(['2', '3'])
    expect(await iterator.next()).toEqual(done)
  })

  it('return() ends the calls of next() that wait, and the iteration is done', async () => {
    const iterator = (await open(endlessStream()))[Symbol.asyncIterator]()
    const waiting = [iterator.next(), iterator.next()]
    await feed.requests({ count: 1 })
    expect(await iterator.return()).toEqual(done)
    expect(await Promise.all(waiting)).toEqual([done, done])
    expect(await iterator.next()).toEqual(done)
    expect(await iterator.return()).toEqual(done)
    expect(await feed.requests({ over: 1 })).toMatchObject([{ cutByClient: true }])
  })

  it('throw() closes the stream, and is rejected with the given error', async () => {
    const iterator = (await open(endlessStream()))[Symbol.asyncIterator]()
    const waiting = iterator.next()
    await feed.requests({ count: 1 })
    const error = new Error('enough')
    expect(await rejectionOf(iterator.throw(error))).toBe(error)
    expect(await waiting).toEqual(done)
    expect(await iterator.next()).toEqual(done)
    await feed.requests({ over: 1 })
  })

  it('A stream refuses a second consumer', async () => {
    const iterated = await open(endlessStream('data: 1\n\n'))
    const iterator = iterated[Symbol.asyncIterator]()
    expect(() => iterated[Symbol.asyncIterator]()).toThrow(TypeError)
    expect(() => iterated.toReadableStream()).toThrow(TypeError)
    await expect(collect(iterated)).rejects.toThrow('the stream already has a consumer')
    expect(await nextData(iterator)).toBe('1')

    const converted = await open(endlessStream('data: 1\n\n'))
    const reader = converted.toReadableStream().getReader()
    expect(() => converted[Symbol.asyncIterator]()).toThrow(TypeError)
    expect(() => converted.toReadableStream()).toThrow(TypeError)
    expect((await reader.read()).value?.data).toBe('1')
  })
})

describe('toReadableStream() returns the events as a ReadableStream', () => {
  it('A ReadableStream yields the events, and ends as the iteration does', async () => {
    const feed = await feedServer.plan(endlessStream(numberedEvents(1, 4)))
    const stream = openEventStream(feed.url, { until: ({ data }) => data === '4', decode: Number })
    const doubled = new TransformStream<ServerSentEvent<number>, number>({
      transform: ({ data }, controller) => controller.enqueue(data * 2),
    })
    const received: number[] = []
    for await (const number of stream.toReadableStream().pipeThrough(doubled)) received.push(number)
    expect(received).toEqual([2, 4, 6])
  })

  it('A ReadableStream takes an event only when one is read', async () => {
    const feed = await feedServer.plan(endlessStream(numberedEvents(1, 3)))
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

  it('Cancelling the ReadableStream closes the stream', async () => {
    const feed = await feedServer.plan(endlessStream('retry: 1\n\n'))
    const readable = openEventStream(feed.url).toReadableStream()
    await feed.requests({ count: 1 })
    await readable.cancel('enough')
    await pause(30)
    expect(await feed.requests({ over: 1 })).toMatchObject([{ cutByClient: true }])
  })

  it('A failure errors the ReadableStream, after the events before it', async () => {
    const feed = await feedServer.plan(endedStream('retry: 1\n\ndata: 1\n\n'), refusal(500))
    const reader = openEventStream(feed.url).toReadableStream().getReader()
    expect((await reader.read()).value?.data).toBe('1')
    expect(await rejectionOf(reader.read())).toMatchObject({ reason: 'status', status: 500 })
  })
})

describe('A stream whose consumer stands still is bounded', () => {
  it('The buffer exceeds its mark by at most one chunk, however often the server cuts the connection', async () => {
    let requests = 0
    const server = await startHttpServer((_, response) => {
      requests++
      response.writeHead(200, { 'Content-Type': 'text/event-stream' })
      response.write(`retry: 1\n\n${Array.from({ length: 30 }, () => 'data: a\n\n').join('')}`)
      setTimeout(() => response.destroy(), 5)
    })
    const stream = openEventStream(server.origin, { highWaterMark: 64 })
    const events = stream[Symbol.asyncIterator]()
    await events.next()
    await expect.poll(() => requests).toBeGreaterThanOrEqual(3)
    // Time for many more connections, if there were any.
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(requests).toBe(3)
    for (let number = 0; number < 89; number++) await events.next()
    await expect.poll(() => requests).toBeGreaterThan(3)
    stream.close()
    await server.close()
  })
})
