import { assert } from 'chai'
import type { Step } from '../../../fixtures/feed-server/plan.ts'
import { type EventStream, streams } from '../../../fixtures/streams/index.ts'
import { expectedOfEventSource, interpretWithEventSource } from '../../streams/interpret-with-event-source.ts'
import { endedStream } from '../answers.ts'
import type { ConformanceCase } from '../case.ts'
import { type Scene, under } from '../scene.ts'

/** Cases for every byte stream of fixtures/streams, which is sent over a real connection in its chunks. */
export const cases: ConformanceCase[] = streams.map((stream) =>
  under(stream.source)(`${stream.name} (fixtures/streams)`, (scene) => play(stream, scene)),
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
  assert.equal(interruption.code, 'ended')
  assert.deepEqual(interpretation, expectedOfEventSource(expected))
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Returns the chunk as text where possible, because plans with megabytes of numbers would be too large. */
function stepOf(chunk: Uint8Array): Step {
  try {
    return decoder.decode(chunk)
  } catch {
    return { bytes: [...chunk] }
  }
}
