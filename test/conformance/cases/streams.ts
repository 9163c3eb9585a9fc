import { assert } from 'chai'
import type { Step } from '../../../fixtures/feed-server/plan.ts'
import { type EventStream, streams } from '../../../fixtures/streams/index.ts'
import { expectedOfEventSource, interpretWithEventSource } from '../../streams/interpret-with-event-source.ts'
import { endedStream } from '../answers.ts'
import type { ConformanceCase, ConformanceContext } from '../case.ts'
import { decodesByItself, sniffsByteOrderMarks } from '../limits.ts'
import { type Scene, under } from '../scene.ts'

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Cases for every byte stream of fixtures/streams, which is sent over a real connection in its chunks. */
export const cases: ConformanceCase[] = streams.map((stream) =>
  under(stream.source)(`${stream.name} (fixtures/streams)`, (scene) => play(stream, scene), {
    limits: (context) => limitOf(stream, context),
  }),
)

async function play({ chunks, expected }: EventStream, scene: Scene): Promise<void> {
  // A pause prevents the chunks from arriving as one.
  await scene.plan([endedStream(...chunks.flatMap((chunk) => [stepOf(chunk), { pause: 1 }]))])
  const { EventSource } = scene.context
  const types = expected.events.map(({ type }) => type)
  const { interruption, ...interpretation } = await interpretWithEventSource(EventSource, scene.url(), {}, types)
  assert.deepEqual(interpretation.events, expected.events)
  // A native EventSource, which the cases can also be run against, provides no more.
  if (!('lastEventId' in EventSource.prototype)) return
  assert.equal(interruption.reason, 'ended')
  assert.deepEqual(interpretation, expectedOfEventSource(expected))
}

/** Limits of runtimes whose network layer decodes the stream. */
function limitOf(stream: EventStream, context: ConformanceContext): string | undefined {
  const firstBytes = stream.chunks.flatMap((chunk) => [...chunk.subarray(0, 2)]).slice(0, 2)
  const isUtf16 = ['254,255', '255,254'].includes(firstBytes.join())
  return (
    (isUtf16 ? sniffsByteOrderMarks(context) : undefined) ?? (isUtf8(stream) ? undefined : decodesByItself(context))
  )
}

/** Whether the stream as a whole is UTF-8, apart from a character that its end cuts short. */
function isUtf8({ chunks }: EventStream): boolean {
  return typeof stepOf(Uint8Array.from(chunks.flatMap((chunk) => [...chunk]))) === 'string'
}

/** Returns the chunk as text where possible, because plans with megabytes of numbers would be too large. */
function stepOf(chunk: Uint8Array): Step {
  try {
    return decoder.decode(chunk)
  } catch {
    return { bytes: [...chunk] }
  }
}
