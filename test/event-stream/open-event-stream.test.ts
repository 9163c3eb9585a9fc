import { describe, expect, it } from 'vitest'
import type { ServerSentEvent } from '../../src/event-stream/event-stream.ts'
import { openEventStream } from '../../src/event-stream/open-event-stream.ts'
import type { ErrorDetails } from '../../src/events.ts'
import { endedStream, stream as endlessStream, refusal, tornStream } from '../conformance/answers.ts'
import { collect } from './consume.ts'
import { headerOf, numberedEvents, useFeedServer } from './planned-feed.ts'

const feedServer = useFeedServer()

describe('openEventStream() opens a connection as EventSource does', () => {
  it('A stream yields each event with its type, data, last event ID and origin', async () => {
    const feed = await feedServer.plan(
      endlessStream('data: 1\n\n', 'id: a\nevent: tick\ndata: 2\ndata: 3\n\n', 'data: 4\n\n'),
    )
    const events: ServerSentEvent[] = []
    for await (const event of openEventStream(new URL(feed.url))) {
      if (events.push(event) === 3) break
    }
    const { origin } = feedServer
    expect(events).toEqual([
      { type: 'message', data: '1', lastEventId: '', origin },
      { type: 'tick', data: '2\n3', lastEventId: 'a', origin },
      { type: 'message', data: '4', lastEventId: 'a', origin },
    ])
  })

  it('The origin of an event is that of the response, not that of the request', async () => {
    const there = await feedServer.planElsewhere(endlessStream('data: 1\n\n'))
    const feed = await feedServer.plan({ status: 307, headers: [['Location', there.url]], ending: 'end' })
    for await (const { origin } of openEventStream(feed.url)) {
      expect(origin).toBe(feedServer.otherOrigin)
      break
    }
  })

  it('A stream connects before anybody reads from it', async () => {
    const feed = await feedServer.plan(endlessStream())
    const stream = openEventStream(feed.url)
    await feed.requests({ count: 1 })
    stream.close()
    await feed.requests({ over: 1 })
  })

  it('A stream takes the options of EventSource', async () => {
    const feed = await feedServer.plan(endedStream('data: 1\n\n'))
    const init = { method: 'post', body: 'question', headers: { 'X-Token': 'secret' }, lastEventId: '7' }
    expect(await collect(openEventStream(feed.url, init))).toEqual(['1'])
    const [request] = await feed.requests({ count: 1 })
    expect(request).toMatchObject({ method: 'POST', body: 'question' })
    expect(headerOf(request, 'last-event-id')).toBe('7')
    expect(headerOf(request, 'x-token')).toBe('secret')
  })

  it('A stream calls onInterruption for each interruption, reconnects and resumes', async () => {
    const feed = await feedServer.plan(
      endedStream('retry: 1\n\n', numberedEvents(1, 2)),
      tornStream(numberedEvents(3, 3), { gate: 'tear' }, 'id: 4\ndata: incomplete'),
      refusal(503),
      endlessStream(numberedEvents(4, 5)),
    )
    const interruptions: ErrorDetails[] = []
    const received: string[] = []
    const init = { retry: { statuses: [503] }, onInterruption: (details: ErrorDetails) => interruptions.push(details) }
    for await (const { data } of openEventStream(feed.url, init)) {
      received.push(data)
      // Events that have not been read when a connection breaks are lost.
      if (data === '3') await feed.openGate('tear')
      if (data === '5') break
    }
    expect(received).toEqual(['1', '2', '3', '4', '5'])
    expect(interruptions).toMatchObject([
      { reason: 'ended', attempt: 1, willReconnect: true },
      { reason: 'network', attempt: 2, willReconnect: true },
      { reason: 'status', attempt: 3, status: 503, willReconnect: true },
    ])
    expect(interruptions.every(({ delay }) => typeof delay === 'number')).toBe(true)
    const requests = await feed.requests({ count: 4, over: 4 })
    const ids = requests.map((request) => headerOf(request, 'last-event-id'))
    expect(ids).toEqual([undefined, '2', '3', '3'])
  })

  it('A stream never yields the event of an incomplete block', async () => {
    for (const rest of ['data: 2', 'data: 2\n', 'id: 2\ndata: 2\r']) {
      const feed = await feedServer.plan(endedStream('id: 1\ndata: 1\n\n', rest))
      const stream = openEventStream(feed.url, { reconnectOnEnd: false })
      expect(await collect(stream), JSON.stringify(rest)).toEqual(['1'])
      expect(stream.lastEventId).toBe('1')
    }
  })
})
