import { assert } from 'chai'
import { endedStream, redirect, refusal, silence, stream } from '../answers.ts'
import type { ConformanceCase } from '../case.ts'
import { pause, under } from '../scene.ts'

const theInterface = under('HTML: The EventSource interface')
const interpreting = under('HTML: Interpreting an event stream')

export const cases: ConformanceCase[] = [
  theInterface('A source that is closed right after construction is CLOSED and dispatches no event', async (scene) => {
    await scene.plan([stream('data: a\n\n')])
    const watch = scene.watch()
    watch.source.close()
    assert.equal(watch.source.readyState, 2)
    await pause()
    assert.deepEqual(watch.types, [])
  }),

  theInterface('close() before the response aborts the request and dispatches no event', async (scene) => {
    await scene.plan([silence])
    const watch = scene.watch()
    await scene.requests({ count: 1 })
    watch.source.close()
    assert.equal(watch.source.readyState, 2)
    const [request] = await scene.requests({ over: 1 })
    assert.isTrue(request?.cutByClient)
    await pause()
    assert.deepEqual(watch.types, [])
    assert.lengthOf(await scene.requests(), 1)
  }),

  theInterface('close() aborts the request of an open stream', async (scene) => {
    await scene.plan([stream('data: a\n\n')])
    const watch = scene.watch()
    await watch.next('message')
    watch.source.close()
    const [request] = await scene.requests({ over: 1 })
    assert.isTrue(request?.cutByClient)
    await pause()
    assert.deepEqual(watch.types, ['open', 'message'])
    assert.lengthOf(await scene.requests(), 1)
  }),

  theInterface('close() returns undefined and can be called again', async (scene) => {
    await scene.plan([stream('data: a\n\n')])
    const watch = scene.watch()
    await watch.next('message')
    assert.isUndefined(watch.source.close())
    assert.isUndefined(watch.source.close())
    assert.equal(watch.source.readyState, 2)
    await pause()
    assert.deepEqual(watch.types, ['open', 'message'])
  }),

  theInterface('close() in the open listener prevents the messages from being dispatched', async (scene) => {
    await scene.plan([stream('data: a\n\ndata: b\n\n')])
    const source = scene.open()
    source.onopen = () => source.close()
    const watch = scene.observe(source)
    await watch.next('open')
    await pause()
    assert.deepEqual(watch.types, ['open'])
    assert.isTrue((await scene.requests({ over: 1 }))[0]?.cutByClient)
  }),

  interpreting('A closed source dispatches nothing more, even if it came in the same chunk', async (scene) => {
    await scene.plan([endedStream('data: a\n\ndata: b\n\nevent: tick\ndata: c\n\nevent: error\ndata: d\n\n')])
    const source = scene.open()
    source.onmessage = () => source.close()
    const watch = scene.observe(source, 'tick')
    await watch.next('message')
    await pause()
    assert.deepEqual(watch.types, ['open', 'message'])
    assert.equal(source.readyState, 2)
  }),

  interpreting('Listeners after the one that closes the source still receive the same event', async (scene) => {
    await scene.plan([stream('data: a\n\ndata: b\n\n')])
    const source = scene.open()
    source.addEventListener('message', () => source.close())
    const watch = scene.observe(source)
    await watch.next('message')
    assert.equal(watch.seen.at(-1)?.readyState, 2)
    await pause()
    assert.deepEqual(watch.messages, [['message', 'a', '']])
  }),

  theInterface('close() in the error listener of a failed connection changes nothing', async (scene) => {
    await scene.plan([refusal(404)])
    const source = scene.open()
    source.onerror = () => source.close()
    const watch = scene.observe(source)
    await watch.next('error')
    await pause()
    assert.deepEqual(watch.types, ['error'])
    assert.equal(source.readyState, 2)
  }),

  theInterface('close() during a redirect dispatches no event', async (scene) => {
    await scene.plan([redirect(302, scene.url('/next')), { headAfter: 'go', body: ['data: a\n\n'] }])
    const watch = scene.watch()
    await scene.requests({ count: 2 })
    watch.source.close()
    await scene.openGate('go')
    await pause()
    assert.deepEqual(watch.types, [])
    assert.equal(watch.source.readyState, 2)
  }),

  theInterface('close() during a reconnection aborts the request and dispatches no event', async (scene) => {
    await scene.plan([endedStream('retry: 10\ndata: a\n\n'), silence])
    const watch = scene.watch()
    await scene.requests({ count: 2 })
    watch.source.close()
    const requests = await scene.requests({ over: 2 })
    assert.isTrue(requests[1]?.cutByClient)
    await pause()
    assert.deepEqual(watch.types, ['open', 'message', 'error'])
  }),

  theInterface('A closed source does not affect another source with the same URL', async (scene) => {
    await scene.plan([stream({ gate: 'go' }, 'data: a\n\n')])
    const [first, second] = [scene.watch(), scene.watch()]
    await scene.requests({ count: 2 })
    first.source.close()
    await scene.openGate('go')
    assert.equal((await second.nextMessage()).data, 'a')
    assert.deepEqual(first.messages, [])
    assert.equal(first.source.readyState, 2)
  }),

  theInterface('Listeners can be added and removed after close(), and are never called', async (scene) => {
    await scene.plan([stream('data: a\n\n')])
    const source = scene.open()
    source.close()
    const watch = scene.observe(source)
    source.onmessage = () => assert.fail('a message after close')
    await pause()
    source.onmessage = null
    assert.deepEqual(watch.types, [])
  }),

  theInterface('A new source can be opened in the error listener of an old one', async (scene) => {
    await scene.plan([refusal(500), stream('data: a\n\n')])
    const source = scene.open()
    const data = await new Promise<string>((resolve) => {
      source.onerror = () => {
        const next = scene.open()
        next.onmessage = (event: MessageEvent) => resolve(event.data)
      }
    })
    assert.equal(data, 'a')
  }),
]
