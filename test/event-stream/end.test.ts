import { describe, expect, it } from 'vitest'
import type { ServerSentEvent } from '../../src/event-stream/event-stream.ts'
import { openEventStream } from '../../src/event-stream/open-event-stream.ts'
import type { ErrorDetails } from '../../src/events.ts'
import { endedStream, stream as endlessStream, tornStream } from '../conformance/answers.ts'
import { collect, nextData, rejectionOf } from './consume.ts'
import { numberedEvents, useFeedServer } from './planned-feed.ts'

const feedServer = useFeedServer()

describe('A stream ends when there is nothing more', () => {
  it('A stream ends at the event that until() returns true for, which is not delivered', async () => {
    const feed = await feedServer.plan(endlessStream('data: 1\n\ndata: 2\n\ndata: [DONE]\n\ndata: 3\n\n'))
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

  it('The request ends at that event, while the consumer has yet to take the events before it', async () => {
    const feed = await feedServer.plan(endlessStream('data: 1\n\ndata: 2\n\nevent: end\ndata: -\n\n'))
    const stream = openEventStream(feed.url, { until: ({ type }) => type === 'end' })
    expect(await feed.requests({ over: 1 })).toMatchObject([{ cutByClient: true }])
    expect(await collect(stream)).toEqual(['1', '2'])
  })

  it('The iteration throws what until() throws, after the events before', async () => {
    const feed = await feedServer.plan(endlessStream(numberedEvents(1, 3)))
    const error = new Error('no idea')
    const iterator = openEventStream(feed.url, {
      until({ data }) {
        if (data === '2') throw error
        return false
      },
    })[Symbol.asyncIterator]()
    await feed.requests({ over: 1 })
    expect(await nextData(iterator)).toBe('1')
    expect(await rejectionOf(iterator.next())).toBe(error)
  })

  it('Status 204 ends the stream', async () => {
    const feed = await feedServer.plan(endedStream('retry: 1\n\ndata: 1\n\n'), {
      status: 204,
      contentType: null,
      ending: 'end',
    })
    expect(await collect(openEventStream(feed.url))).toEqual(['1'])
    expect(await feed.requests({ over: 2 })).toHaveLength(2)
  })

  it('A clean end of the response to a POST request ends the stream', async () => {
    for (const body of ['question', new Blob(['question']).stream()]) {
      const feed = await feedServer.plan(endedStream(numberedEvents(1, 3)))
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

  it('A clean end without any event ends the stream, even if the policy would give up', async () => {
    const feed = await feedServer.plan(endedStream())
    expect(await collect(openEventStream(feed.url, { method: 'POST', retry: { maxAttempts: 1 } }))).toEqual([])
  })

  it('reconnectOnEnd decides whether a clean end ends the stream', async () => {
    const finite = await feedServer.plan(endedStream('data: 1\n\n'))
    expect(await collect(openEventStream(finite.url, { reconnectOnEnd: false }))).toEqual(['1'])
    expect(await finite.requests({ over: 1 })).toHaveLength(1)

    const endless = await feedServer.plan(endedStream('retry: 1\n\nid: 1\ndata: 1\n\n'), endedStream('data: 2\n\n'), {
      status: 204,
    })
    const init = { method: 'POST', body: 'question', reconnectOnEnd: true }
    expect(await collect(openEventStream(endless.url, init))).toEqual(['1', '2'])
    expect(await endless.requests({ count: 3 })).toMatchObject([{ body: 'question' }, { body: 'question' }, {}])
  })

  it('A clean end ends the stream if the retry option allows no further attempt', async () => {
    for (const retry of [false, (): false => false] as const) {
      const feed = await feedServer.plan(endedStream('data: 1\n\n'))
      expect(await collect(openEventStream(feed.url, { retry }))).toEqual(['1'])
    }
  })

  it('A response that breaks off does not end the stream', async () => {
    const feed = await feedServer.plan(
      tornStream('retry: 1\n\nid: 1\ndata: 1\n\n', { gate: 'tear' }),
      endedStream('data: 2\n\n'),
    )
    const received: string[] = []
    for await (const { data } of openEventStream(feed.url, { method: 'POST', body: 'question' })) {
      received.push(data)
      await feed.openGate('tear')
    }
    expect(received).toEqual(['1', '2'])
    const broken = await feedServer.plan(tornStream('data: 1\n\n', { gate: 'tear' }))
    const iterator = openEventStream(broken.url, { method: 'POST', retry: false })[Symbol.asyncIterator]()
    expect(await nextData(iterator)).toBe('1')
    await broken.openGate('tear')
    expect(await rejectionOf(iterator.next())).toMatchObject({ reason: 'network' })
  })
})
