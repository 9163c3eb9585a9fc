import { describe, expect, it } from 'vitest'
import { type EventStream, streams } from '../../fixtures/streams/index.ts'
import { ErrorEvent, EventSource } from '../../src/index.ts'
import { answerWith } from './answer-with.ts'
import { expectedOfEventSource, interpretWithEventSource } from './interpret-with-event-source.ts'

async function expectToAgree({ expected }: EventStream, chunks: readonly Uint8Array[]): Promise<void> {
  const { interruption, ...interpretation } = await interpretWithEventSource(
    EventSource,
    'http://feed.example/',
    { fetch: answerWith(chunks) },
    expected.events.map(({ type }) => type),
  )
  expect(interpretation).toEqual(expectedOfEventSource(expected))
  expect(interruption).toBeInstanceOf(ErrorEvent)
  expect(interruption).toMatchObject({ reason: 'ended', willReconnect: false })
}

describe.each(streams.map((stream) => [stream.name, stream] as const))('%s', (_, stream) => {
  const bytes = Buffer.concat(stream.chunks)

  it('The class dispatches the expected events in the original chunks', async () => {
    await expectToAgree(stream, stream.chunks)
  })

  it('The class dispatches the expected events in small chunks', async () => {
    // Each chunk is one byte, unless that makes more than a thousand chunks.
    const size = Math.ceil(bytes.length / 1_000)
    const chunks = Array.from({ length: Math.ceil(bytes.length / size) || 0 }, (_, index) =>
      bytes.subarray(index * size, (index + 1) * size),
    )
    await expectToAgree(stream, chunks)
  })
})
