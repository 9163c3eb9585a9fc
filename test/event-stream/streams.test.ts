import { describe, expect, it } from 'vitest'
import { type EventStream as StreamOfBytes, streams } from '../../fixtures/streams/index.ts'
import { openEventStream } from '../../src/event-stream/open-event-stream.ts'
import { EventSource } from '../../src/index.ts'
import { answerWith } from '../streams/answer-with.ts'
import { interpretWithEventSource } from '../streams/interpret-with-event-source.ts'

const url = 'http://feed.example/'

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
  it('The stream and the class yield the same events in the original chunks', async () => {
    await expectToAgree(stream, stream.chunks)
  })

  it('The stream and the class yield the same events in small chunks', async () => {
    const bytes = Buffer.concat(stream.chunks)
    // Each chunk is one byte, unless that makes more than a thousand chunks.
    const size = Math.ceil(bytes.length / 1_000)
    const chunks = Array.from({ length: Math.ceil(bytes.length / size) || 0 }, (_, index) =>
      bytes.subarray(index * size, (index + 1) * size),
    )
    await expectToAgree(stream, chunks)
  })
})
