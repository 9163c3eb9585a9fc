import { describe, expect, it } from 'vitest'
import { EventStreamError } from '../../src/event-stream/event-stream-error.ts'
import { openEventStream } from '../../src/event-stream/open-event-stream.ts'
import { endedStream } from '../conformance/answers.ts'
import { collect, done, nextData, rejectionOf } from './consume.ts'
import { useFeedServer } from './planned-feed.ts'

const feedServer = useFeedServer()
const until = ({ data }: { readonly data: string }): boolean => data === '[DONE]'
const noContent = { status: 204, contentType: null, ending: 'end' } as const

describe('A stream that ends permanently without the event of until() is incomplete', () => {
  it.each([
    ['the clean end of the response to a POST', { method: 'POST', body: 'question' }, [endedStream('data: 1\n\n')]],
    ['a clean end that is not followed by another request', { reconnectOnEnd: false }, [endedStream('data: 1\n\n')]],
    ['a clean end without retries', { retry: false as const }, [endedStream('data: 1\n\n')]],
    ['status 204', {}, [endedStream('retry: 1\n\ndata: 1\n\n'), noContent]],
  ])('After %s, the iteration throws an error with the reason incomplete', async (_, init, answers) => {
    const feed = await feedServer.plan(...answers)
    const iterator = openEventStream(feed.url, { ...init, until })[Symbol.asyncIterator]()
    expect(await nextData(iterator)).toBe('1')
    const error = await rejectionOf(iterator.next())
    expect(error).toBeInstanceOf(EventStreamError)
    expect(error).toMatchObject({
      reason: 'incomplete',
      message: expect.stringContaining('until'),
      attempt: answers.length,
    })
    expect([error.status, error.headers, error.body]).toEqual([undefined, undefined, undefined])
    expect(await iterator.return()).toEqual(done)
  })

  it('A stream that ends with the event of until() is complete', async () => {
    const feed = await feedServer.plan(endedStream('data: 1\n\ndata: [DONE]\n\n'))
    expect(await collect(openEventStream(feed.url, { method: 'POST', until }))).toEqual(['1'])
  })

  it('A stream without until() is complete at its end', async () => {
    const feed = await feedServer.plan(endedStream('data: 1\n\n'))
    expect(await collect(openEventStream(feed.url, { method: 'POST' }))).toEqual(['1'])
  })

  it('A stream that is closed before that event is not incomplete', async () => {
    const feed = await feedServer.plan({ body: ['data: 1\n\n'] })
    const stream = openEventStream(feed.url, { until })
    const iterator = stream[Symbol.asyncIterator]()
    expect(await nextData(iterator)).toBe('1')
    stream.close()
    expect(await iterator.next()).toEqual(done)
  })
})

describe('onEvent of a stream is called with every event as it arrives', () => {
  it('onEvent sees each event before until() and decode do, the last one too', async () => {
    const feed = await feedServer.plan(endedStream('id: 1\ndata: 1\n\nevent: tick\ndata: 2\n\ndata: [DONE]\n\n'))
    const calls: string[] = []
    const stream = openEventStream(feed.url, {
      onEvent: ({ type, data, lastEventId }) => calls.push(`onEvent ${type} ${data} ${lastEventId}`),
      until(event) {
        calls.push(`until ${event.data}`)
        return until(event)
      },
      decode: Number,
    })
    expect(await collect(stream)).toEqual([1, 2])
    expect(calls).toEqual([
      'onEvent message 1 1',
      'until 1',
      'onEvent tick 2 1',
      'until 2',
      'onEvent message [DONE] 1',
      'until [DONE]',
    ])
  })

  it('close() in onEvent ends the stream without the event', async () => {
    const feed = await feedServer.plan({ body: ['data: 1\n\ndata: 2\n\n'] })
    const stream = openEventStream(feed.url, { onEvent: () => stream.close() })
    expect(await collect(stream)).toEqual([])
  })
})
