import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openEventStream } from '../../src/event-stream/open-event-stream.ts'
import type { FetchLike } from '../../src/index.ts'
import { endedStream, tornStream } from '../conformance/answers.ts'
import { collect, nextData, rejectionOf } from './consume.ts'
import { useFeedServer } from './planned-feed.ts'

const feedServer = useFeedServer()

/** A fetch that answers from memory, in these chunks. */
function answer(...chunks: readonly Uint8Array[]): FetchLike {
  return async () =>
    new Response(
      new ReadableStream({
        start(controller) {
          for (const chunk of chunks) controller.enqueue(chunk)
          controller.close()
        },
      }),
      { headers: { 'Content-Type': 'text/event-stream' } },
    )
}

const init = { reconnectOnEnd: false } as const
const deliver = { ...init, unterminated: 'deliver' } as const

describe('unterminated decides what happens to a last event that lacks its blank line', () => {
  it.each([
    ['the line feed of its blank line', 'data: 2\n'],
    ['any line end', 'data: 2'],
    ['the line end of its blank line, with CRLF', 'data: 2\r\n'],
    ['the second half of a CRLF', 'data: 2\r'],
    ['the second half of the CRLF of its blank line', 'data: 2\r\n\r'],
  ])('A last event without %s is delivered', async (_, last) => {
    const feed = await feedServer.plan(endedStream('data: 1\n\n', last))
    expect(await collect(openEventStream(feed.url, deliver))).toEqual(['1', '2'])
  })

  it.each(['data: 2\n', 'data: 2', 'data: 2\r\n'])('A last event %j is discarded by default', async (last) => {
    const feed = await feedServer.plan(endedStream('data: 1\n\n', last))
    expect(await collect(openEventStream(feed.url, init))).toEqual(['1'])
    const other = await feedServer.plan(endedStream('data: 1\n\n', last))
    expect(await collect(openEventStream(other.url, { ...init, unterminated: 'discard' }))).toEqual(['1'])
  })

  it('A last event keeps its name and its ID, and the stream the ID', async () => {
    const feed = await feedServer.plan(endedStream('id: 1\ndata: 1\n\nevent: last\nid: 2\ndata: 2'))
    const stream = openEventStream(feed.url, deliver)
    const events: unknown[] = []
    for await (const { type, data, lastEventId } of stream) events.push([type, data, lastEventId])
    expect(events).toEqual([
      ['message', '1', '1'],
      ['last', '2', '2'],
    ])
    expect(stream.lastEventId).toBe('2')
  })

  it('The ID of a last block without data is kept, but no event is delivered', async () => {
    const feed = await feedServer.plan(endedStream('id: 1\ndata: 1\n\nid: 2\n'), endedStream(''), { status: 204 })
    const requests: string[] = []
    const stream = openEventStream(feed.url, {
      unterminated: 'deliver',
      retry: 1,
      onRequest: ({ headers }) => requests.push(headers.get('Last-Event-ID') ?? ''),
    })
    expect(await collect(stream)).toEqual(['1'])
    expect(requests.slice(0, 2)).toEqual(['', '2'])
  })

  it('Half a character at the end becomes a replacement character', async () => {
    const bytes = new TextEncoder().encode('data: €')
    for (const length of [bytes.length - 1, bytes.length - 2]) {
      const stream = openEventStream('http://feed.example/', { ...deliver, fetch: answer(bytes.slice(0, length)) })
      expect(await collect(stream)).toEqual(['\ufffd'])
    }
  })

  it('A stream that breaks off delivers no half event', async () => {
    const feed = await feedServer.plan(tornStream('data: 1\n\n', { gate: 'tear' }, 'data: 2\n'))
    const iterator = openEventStream(feed.url, { ...deliver, retry: false })[Symbol.asyncIterator]()
    expect(await nextData(iterator)).toBe('1')
    await feed.openGate('tear')
    expect(await rejectionOf(iterator.next())).toMatchObject({ reason: 'network' })
  })

  it('until() sees the last event, which can be the one that ends the stream', async () => {
    const feed = await feedServer.plan(endedStream('data: 1\n\ndata: [DONE]'))
    const stream = openEventStream(feed.url, { ...deliver, until: ({ data }) => data === '[DONE]' })
    expect(await collect(stream)).toEqual(['1'])
  })

  it('A text that is complete is delivered the same, wherever its chunks are split', async () => {
    const text = new TextEncoder().encode('data: é\r\n\r\nid: 7\r\ndata: 名\r\ndata: 2\r\n\r\n')
    await fc.assert(
      fc.asyncProperty(fc.nat(text.length), fc.nat(text.length), async (one, other) => {
        const [first, second] = [Math.min(one, other), Math.max(one, other)]
        const fetch = answer(text.slice(0, first), text.slice(first, second), text.slice(second))
        expect(await collect(openEventStream('http://feed.example/', { ...deliver, fetch }))).toEqual(['é', '名\n2'])
      }),
    )
  })

  it('A text that is cut anywhere is delivered up to the cut, and nothing is delivered twice', async () => {
    const text = new TextEncoder().encode('id: 1\r\ndata: a\r\n\r\ndata: b\r\ndata: c\r\n\r\n')
    await fc.assert(
      fc.asyncProperty(fc.nat(text.length), async (length) => {
        const cut = text.slice(0, length)
        const given = await collect(openEventStream('http://feed.example/', { ...deliver, fetch: answer(cut) }))
        // What a server that completed the last line and the block would have sent.
        const completed = new Uint8Array([...cut, 10, 10, 10])
        const all = await collect(openEventStream('http://feed.example/', { ...init, fetch: answer(completed) }))
        expect(given).toEqual(all)
      }),
    )
  })
})
