import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { EventStreamError } from '../../src/event-stream/event-stream-error.ts'
import { openEventStream } from '../../src/event-stream/open-event-stream.ts'
import { endedStream, stream as endlessStream, refusal } from '../conformance/answers.ts'
import { collect, done, nextData, rejectionOf } from './consume.ts'
import { numberedEvents, useFeedServer } from './planned-feed.ts'

const feedServer = useFeedServer()

describe('A failed connection makes the iteration throw an EventStreamError', () => {
  it('A failure is thrown after the events before it, with everything that the response said', async () => {
    const feed = await feedServer.plan(
      endedStream('retry: 1\n\n', numberedEvents(1, 2)),
      refusal(403, 'no more', [['X-Why', 'quota']]),
    )
    const stream = openEventStream(feed.url)
    await feed.requests({ over: 2 })
    const iterator = stream[Symbol.asyncIterator]()
    expect([await nextData(iterator), await nextData(iterator)]).toEqual(['1', '2'])
    const error = await rejectionOf(iterator.next())
    expect(error).toBeInstanceOf(EventStreamError)
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({
      name: 'EventStreamError',
      reason: 'status',
      status: 403,
      body: 'no more',
      attempt: 2,
    })
    expect(error.headers?.get('x-why')).toBe('quota')
    expect(error.message).toContain('403')
    expect(String(error)).toMatch(/^EventStreamError: /)
    expect(error.stack).toMatch(/^EventStreamError: /)
    expect(Object.keys(error).sort()).toEqual(['attempt', 'body', 'headers', 'reason', 'status'])
    expect(await rejectionOf(iterator.next())).toBe(error)
    expect(await iterator.return()).toEqual(done)
  })

  it('A failure carries its cause', async () => {
    const cause = new Error('no token')
    const headers = (): never => {
      throw cause
    }
    const error = await rejectionOf(collect(openEventStream(feedServer.origin, { headers, retry: false })))
    expect(error).toMatchObject({ reason: 'callback', cause, attempt: 1, status: undefined })
  })

  it('A failure has the same reason as an error of the class: content type, too large, gave up', async () => {
    const page = await feedServer.plan({ contentType: 'text/html', body: ['<p>'], ending: 'end' })
    expect(await rejectionOf(collect(openEventStream(page.url)))).toMatchObject({ reason: 'content-type', body: '<p>' })
    const large = await feedServer.plan(endlessStream(`data: ${'x'.repeat(100)}\n\n`))
    const tooLarge = openEventStream(large.url, { maxEventSize: 50 })
    expect(await rejectionOf(collect(tooLarge))).toMatchObject({ reason: 'too-large' })
    const down = await feedServer.plan({ withoutHead: true, ending: 'reset' })
    const retry = { maxAttempts: 2, initialDelay: 1 }
    expect(await rejectionOf(collect(openEventStream(down.url, { retry })))).toMatchObject({
      reason: 'gave-up',
      attempt: 2,
    })
  })

  it('The failure of a stream that nobody reads yet is kept for its consumer', async () => {
    const feed = await feedServer.plan(refusal(403))
    const stream = openEventStream(feed.url)
    await feed.requests({ over: 1 })
    await pause(30)
    expect(await rejectionOf(collect(stream))).toMatchObject({ status: 403 })
  })

  it('A failure rejects each call of next() that waits, and is never reported as unhandled', async () => {
    const feed = await feedServer.plan({ ...refusal(403), headAfter: 'go' })
    const iterator = openEventStream(feed.url)[Symbol.asyncIterator]()
    const first = iterator.next()
    void iterator.next()
    void iterator.next()
    await feed.openGate('go')
    expect(await rejectionOf(first)).toMatchObject({ status: 403 })
    // By now Node would have reported an unhandled rejection, and vitest would fail.
    await pause(10)
  })
})
