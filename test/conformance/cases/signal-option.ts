import { assert } from 'chai'
import { endedStream, silence, stream } from '../answers.ts'
import type { ConformanceCase } from '../case.ts'
import { pause, under } from '../scene.ts'

const signalOption = under('everysource: signal')

export const cases: ConformanceCase[] = [
  signalOption('A signal that is already aborted closes the source without a request or an event', async (scene) => {
    await scene.plan([stream('data: a\n\n')])
    // Not AbortSignal.abort(), which React Native lacks.
    const controller = new AbortController()
    controller.abort()
    const watch = scene.watch({ signal: controller.signal })
    assert.equal(watch.source.readyState, 2)
    await pause()
    assert.deepEqual(watch.types, [])
    assert.lengthOf(await scene.requests(), 0)
  }),

  signalOption('Aborting the signal closes an open stream, and dispatches nothing', async (scene) => {
    await scene.plan([stream('data: a\n\n', { gate: 'more' }, 'data: b\n\n')])
    const controller = new AbortController()
    const watch = scene.watch({ signal: controller.signal })
    await watch.next('message')
    controller.abort(new Error('enough'))
    assert.equal(watch.source.readyState, 2)
    assert.isTrue((await scene.requests({ over: 1 }))[0]?.cutByClient)
    await pause()
    assert.deepEqual(watch.types, ['open', 'message'])
    assert.lengthOf(await scene.requests(), 1)
  }),

  signalOption('Aborting the signal before the response closes the source without an event', async (scene) => {
    await scene.plan([silence])
    const controller = new AbortController()
    const watch = scene.watch({ signal: controller.signal })
    await scene.requests({ count: 1 })
    controller.abort()
    assert.equal(watch.source.readyState, 2)
    assert.isTrue((await scene.requests({ over: 1 }))[0]?.cutByClient)
    await pause()
    assert.deepEqual(watch.types, [])
  }),

  signalOption('Aborting the signal in a listener discards the rest of the chunk', async (scene) => {
    await scene.plan([stream('data: a\n\ndata: b\n\n')])
    const controller = new AbortController()
    const source = scene.open({ signal: controller.signal })
    source.onmessage = () => controller.abort()
    const watch = scene.observe(source)
    await watch.next('message')
    await pause()
    assert.deepEqual(watch.messages, [['message', 'a', '']])
  }),

  signalOption('Aborting the signal during the reconnection time prevents the reconnection', async (scene) => {
    await scene.plan([endedStream('retry: 500\ndata: a\n\n')])
    const controller = new AbortController()
    const watch = scene.watch({ signal: controller.signal })
    await watch.next('error')
    controller.abort()
    assert.equal(watch.source.readyState, 2)
    await pause(800)
    assert.lengthOf(await scene.requests(), 1)
  }),

  signalOption('close() does not abort the signal, and aborting it later changes nothing', async (scene) => {
    await scene.plan([stream('data: a\n\n')])
    const controller = new AbortController()
    const watch = scene.watch({ signal: controller.signal })
    await watch.next('message')
    watch.source.close()
    assert.isFalse(controller.signal.aborted)
    controller.abort()
    await pause()
    assert.deepEqual(watch.types, ['open', 'message'])
  }),
]
