import { describe, expect, it } from 'vitest'
import { type EventStream as StreamOfBytes, streams } from '../../fixtures/streams/index.ts'
import { type EventStreamInit, openEventStream } from '../../src/event-stream.ts'
import { EventSource } from '../../src/index.ts'
import { interpretWithEventSource } from '../streams/interpret-with-event-source.ts'

const url = 'http://feed.example/'

/** Answers with a body whose chunks stay as they are, which a network does not promise. */
function answerWith(chunks: readonly Uint8Array[]): NonNullable<EventStreamInit['fetch']> {
  return async () => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const chunk of chunks) controller.enqueue(chunk)
        controller.close()
      },
    })
    return new Response(body, { headers: { 'Content-Type': 'text/event-stream' } })
  }
}

async function expectToAgree({ expected }: StreamOfBytes, chunks: readonly Uint8Array[]): Promise<void> {
  const fetch = answerWith(chunks)
  const types = expected.events.map(({ type }) => type)
  const ofClass = await interpretWithEventSource(EventSource, url, { fetch }, types)

  const comments: string[] = []
  const stream = openEventStream(url, { fetch, reconnectOnEnd: false, onComment: (comment) => comments.push(comment) })
  const events: unknown[] = []
  for await (const { origin, ...event } of stream) {
    expect(origin).toBe('http://feed.example')
    events.push(event)
  }
  expect(events).toEqual(expected.events)
  expect(events).toEqual(ofClass.events)
  expect(comments).toEqual(ofClass.comments)
}

describe.each(streams.map((stream) => [stream.name, stream] as const))('%s', (_, stream) => {
  it('in its chunks', async () => {
    await expectToAgree(stream, stream.chunks)
  })

  it('in small chunks', async () => {
    const bytes = Buffer.concat(stream.chunks)
    // A byte at a time, but no more than a thousand chunks.
    const size = Math.ceil(bytes.length / 1_000)
    const chunks = Array.from({ length: Math.ceil(bytes.length / size) || 0 }, (_, index) =>
      bytes.subarray(index * size, (index + 1) * size),
    )
    await expectToAgree(stream, chunks)
  })
})
