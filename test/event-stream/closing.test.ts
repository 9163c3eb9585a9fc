import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { openEventStream } from '../../src/event-stream/open-event-stream.ts'
import { endedStream, stream as endlessStream } from '../conformance/answers.ts'
import { collect, done, nextData, rejectionOf } from './consume.ts'
import { numberedEvents, useFeedServer } from './planned-feed.ts'

const feedServer = useFeedServer()

describe('A stream can be closed at any time', () => {
  it('close() ends the request, and a call of next() that waits is done', async () => {
    const feed = await feedServer.plan(endlessStream())
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

  it('close() can be passed as a callback', async () => {
    const feed = await feedServer.plan(endlessStream())
    const { close } = openEventStream(feed.url)
    await feed.requests({ count: 1 })
    close()
    expect(await feed.requests({ over: 1 })).toMatchObject([{ cutByClient: true }])
  })

  it('close() drops the events that were not delivered', async () => {
    const feed = await feedServer.plan(endlessStream(numberedEvents(1, 5)))
    const stream = openEventStream(feed.url)
    const received: string[] = []
    for await (const { data } of stream) {
      received.push(data)
      stream.close()
    }
    expect(received).toEqual(['1'])
  })

  it('close() ends a call of next() that waits for a decoder', async () => {
    const feed = await feedServer.plan(endlessStream(numberedEvents(1, 2)))
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

  it('close() ends the wait for a reconnection', async () => {
    const feed = await feedServer.plan(endedStream(numberedEvents(1, 1)))
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
    'A stream can be closed from within %s',
    async (member) => {
      const feed = await feedServer.plan(endedStream('retry: 1\n\n', ': comment\n\n', 'data: 1\n\n', 'data: 2\n\n'))
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
      const received = await collect(stream)
      // The end of the stream may be known before the last event is taken.
      expect(member === 'onInterruption' ? [['1'], ['1', '2']] : [[]]).toContainEqual(received)
    },
  )

  it('The end of an "await using" block closes the stream', async () => {
    const feed = await feedServer.plan(endlessStream())
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

describe('An aborted signal ends a stream at once', () => {
  it('An aborted signal rejects pending and later calls of next() with its reason', async () => {
    const feed = await feedServer.plan(endlessStream(numberedEvents(1, 1)))
    const controller = new AbortController()
    const stream = openEventStream(feed.url, { signal: controller.signal })
    const iterator = stream[Symbol.asyncIterator]()
    expect(await nextData(iterator)).toBe('1')
    const waiting = [iterator.next(), iterator.next()]
    const reason = new Error('enough')
    controller.abort(reason)
    expect(await Promise.all(waiting.map(rejectionOf))).toEqual([reason, reason])
    expect(await rejectionOf(iterator.next())).toBe(reason)
    expect(await feed.requests({ over: 1 })).toMatchObject([{ cutByClient: true }])
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
    expect(await iterator.return()).toEqual(done)
  })

  it('An aborted signal drops the events that were not delivered', async () => {
    const feed = await feedServer.plan(endlessStream(numberedEvents(1, 3)))
    const controller = new AbortController()
    const received: string[] = []
    const loop = async (): Promise<void> => {
      for await (const { data } of openEventStream(feed.url, { signal: controller.signal })) {
        received.push(data)
        controller.abort()
      }
    }
    expect(await rejectionOf(loop())).toBe(controller.signal.reason)
    expect(received).toEqual(['1'])
  })

  it('A signal aborted after the connection has ended drops the remaining events, too', async () => {
    const feed = await feedServer.plan(endedStream(numberedEvents(1, 3)))
    const controller = new AbortController()
    const stream = openEventStream(feed.url, { signal: controller.signal, reconnectOnEnd: false })
    const iterator = stream[Symbol.asyncIterator]()
    expect(await nextData(iterator)).toBe('1')
    await feed.requests({ over: 1 })
    controller.abort()
    expect(await rejectionOf(iterator.next())).toBe(controller.signal.reason)
  })

  it('A stream whose signal is already aborted sends no request', async () => {
    const feed = await feedServer.plan(endlessStream(numberedEvents(1, 1)))
    const reason = new Error('never')
    const stream = openEventStream(feed.url, { signal: AbortSignal.abort(reason) })
    expect(await rejectionOf(collect(stream))).toBe(reason)
    expect(await feed.requests({})).toEqual([])
  })

  it('A signal aborted after the end of the stream changes nothing', async () => {
    const feed = await feedServer.plan(endedStream(numberedEvents(1, 1)))
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
