import { assert } from 'chai'
import { endedStream, stream } from '../answers.ts'
import type { ConformanceCase } from '../case.ts'
import { soon } from '../delays.ts'
import { pause, under } from '../scene.ts'

const maxEventSize = under('everysource: maxEventSize')

export const cases: ConformanceCase[] = [
  maxEventSize('An event larger than maxEventSize closes the source with the reason too-large', async (scene) => {
    await scene.plan([stream('data: a\n\n', 'data: ', { text: 'x', times: 2_000 }, '\n\n', 'data: b\n\n')])
    const watch = scene.watch({ maxEventSize: 1_000, retry: soon })
    const error = await watch.nextError()
    assert.equal(error.reason, 'too-large')
    assert.isFalse(error.willReconnect)
    assert.equal(watch.source.readyState, 2)
    await scene.requests({ over: 1 })
    await pause()
    assert.deepEqual(watch.messages, [['message', 'a', '']])
    assert.lengthOf(await scene.requests(), 1)
  }),

  maxEventSize('A line without an end is limited by maxEventSize, too', async (scene) => {
    await scene.plan([stream({ text: 'data: '.padEnd(1_000, 'x'), times: 1_000 })])
    assert.equal((await scene.watch({ maxEventSize: 10_000 }).nextError()).reason, 'too-large')
  }),

  maxEventSize('maxEventSize limits the sum of the lines of one event', async (scene) => {
    await scene.plan([stream(...Array.from({ length: 50 }, () => `data: ${'x'.repeat(100)}\n`), '\n')])
    assert.equal((await scene.watch({ maxEventSize: 1_000 }).nextError()).reason, 'too-large')
  }),

  maxEventSize('maxEventSize does not limit the number of events', async (scene) => {
    await scene.plan([endedStream({ text: `data: ${'x'.repeat(90)}\n\n`, times: 500 })])
    const watch = scene.watch({ maxEventSize: 200 })
    assert.equal((await watch.nextError()).reason, 'ended')
    assert.lengthOf(watch.messages, 500)
  }),
]
