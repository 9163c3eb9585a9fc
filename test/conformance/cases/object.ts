import { assert } from 'chai'
import { endedStream, noAnswer, refusal, silence, stream } from '../answers.ts'
import type { ConformanceCase } from '../case.ts'
import { pause, under, valuesOf } from '../scene.ts'

const lastEventId = under('everysource: the lastEventId attribute')
const reconnect = under('everysource: reconnect()')
const dispose = under('everysource: Symbol.dispose')

export const cases: ConformanceCase[] = [
  lastEventId('lastEventId is empty at first, then the id of the last complete block with one', async (scene) => {
    await scene.plan([stream('data: a\n\nid: 1\ndata: b\n\ndata: c\n\nid: 2\n\nid\ndata: d\n\nid: 3\ndata: half\n')])
    const source = scene.open()
    assert.equal(source.lastEventId, '')
    const seen: string[] = []
    source.addEventListener('message', () => seen.push(source.lastEventId))
    const watch = scene.observe(source)
    for (let count = 0; count < 4; count++) await watch.next('message')
    assert.deepEqual(seen, ['', '1', '1', ''])
    assert.equal(source.lastEventId, '')
  }),

  lastEventId('lastEventId is also set by the id of a block without data', async (scene) => {
    await scene.plan([endedStream('id: 1\n\n')])
    const watch = scene.watch()
    await watch.next('error')
    assert.equal(watch.source.lastEventId, '1')
  }),

  lastEventId('lastEventId does not change when the source is closed', async (scene) => {
    await scene.plan([stream('id: 1\ndata: a\n\n')])
    const watch = scene.watch()
    await watch.next('message')
    watch.source.close()
    assert.equal(watch.source.lastEventId, '1')
  }),

  lastEventId('lastEventId has the shape of an attribute', async (scene) => {
    const { prototype } = scene.context.EventSource
    const descriptor = Object.getOwnPropertyDescriptor(prototype, 'lastEventId')
    assert.isTrue(descriptor?.enumerable)
    assert.isTrue(descriptor?.configurable)
    assert.throws(() => descriptor?.get?.call({}), TypeError)
  }),

  lastEventId(
    'A lastEventId that is assigned is kept like any property, and does not change requests',
    async (scene) => {
      await scene.plan([endedStream('retry: 1\nid: 1\ndata: a\n\n'), stream('data: b\n\n')])
      class Resuming extends scene.context.EventSource {
        constructor(url: string) {
          super(url)
          Object.assign(this, { lastEventId: null, reconnect: 'mine' })
        }
      }
      const source = scene.track(new Resuming(scene.url()))
      const own = { value: null, writable: true, enumerable: true, configurable: true }
      assert.deepEqual(Object.getOwnPropertyDescriptor(source, 'lastEventId'), own)
      assert.equal(source.reconnect as unknown, 'mine')
      const watch = scene.observe(source)
      await watch.next('message')
      const event = await watch.nextMessage()
      assert.equal(event.lastEventId, '1')
      assert.isNull(source.lastEventId)
      assert.deepEqual(valuesOf((await scene.requests())[1], 'Last-Event-ID'), ['1'])
    },
  ),

  reconnect('reconnect() cuts the wait short', async (scene) => {
    await scene.plan([endedStream('retry: 600000\nid: 1\ndata: a\n\n'), stream('data: b\n\n')])
    const watch = scene.watch()
    await watch.next('error')
    watch.source.reconnect()
    assert.equal(watch.source.readyState, 0)
    await watch.next('message')
    assert.equal((await watch.nextMessage()).data, 'b')
    assert.deepEqual(watch.types, ['open', 'message', 'error', 'open', 'message'])
    assert.deepEqual(valuesOf((await scene.requests())[1], 'Last-Event-ID'), ['1'])
  }),

  reconnect('reconnect() in an error listener cuts the wait short', async (scene) => {
    await scene.plan([endedStream('retry: 600000\ndata: a\n\n'), stream('data: b\n\n')])
    const source = scene.open()
    source.onerror = () => source.reconnect()
    const watch = scene.observe(source)
    await watch.next('message')
    assert.equal((await watch.nextMessage()).data, 'b')
  }),

  reconnect('reconnect() replaces an open connection without an error event', async (scene) => {
    await scene.plan([stream('id: 1\ndata: a\n\n', { gate: 'more' }, 'data: late\n\n'), stream('data: b\n\n')])
    const watch = scene.watch()
    await watch.next('message')
    watch.source.reconnect()
    assert.equal(watch.source.readyState, 0)
    assert.equal((await watch.nextMessage()).data, 'b')
    assert.deepEqual(watch.types, ['open', 'message', 'open', 'message'])
    const requests = await scene.requests({ count: 2, over: 1 })
    assert.isTrue(requests[0]?.cutByClient)
    assert.deepEqual(valuesOf(requests[1], 'Last-Event-ID'), ['1'])
  }),

  reconnect('reconnect() discards what came in the same chunk', async (scene) => {
    await scene.plan([stream('id: 1\ndata: a\n\nid: 2\ndata: b\n\n'), stream('data: c\n\n')])
    const source = scene.open()
    source.addEventListener('message', () => source.reconnect(), { once: true })
    const watch = scene.observe(source)
    await watch.next('message')
    await watch.next('message')
    assert.deepEqual(watch.messages, [
      ['message', 'a', '1'],
      ['message', 'c', '1'],
    ])
  }),

  reconnect('reconnect() before the response sends a new request', async (scene) => {
    await scene.plan([silence, stream('data: a\n\n')])
    const watch = scene.watch()
    await scene.requests({ count: 1 })
    watch.source.reconnect()
    await watch.next('message')
    assert.deepEqual(watch.types, ['open', 'message'])
    assert.isTrue((await scene.requests({ over: 1 }))[0]?.cutByClient)
  }),

  reconnect('reconnect() leaves one connection when it is called many times in a row', async (scene) => {
    await scene.plan([stream('data: a\n\n')])
    const watch = scene.watch()
    await watch.next('message')
    for (let count = 0; count < 5; count++) watch.source.reconnect()
    await watch.next('message')
    await pause()
    const { length } = await scene.requests()
    const requests = await scene.requests({ over: length - 1 })
    assert.lengthOf(requests, length)
    assert.isTrue(requests.at(-1)?.open)
    assert.notInclude(watch.types, 'error')
  }),

  reconnect('reconnect() does nothing once the source is CLOSED', async (scene) => {
    await scene.plan([refusal(404), stream('data: a\n\n')])
    const watch = scene.watch()
    await watch.next('error')
    watch.source.reconnect()
    assert.equal(watch.source.readyState, 2)
    await pause()
    assert.lengthOf(await scene.requests(), 1)
    const closed = scene.watch()
    closed.source.close()
    closed.source.reconnect()
    assert.equal(closed.source.readyState, 2)
    await pause()
    assert.deepEqual(closed.types, [])
  }),

  reconnect('close() after reconnect() closes the source', async (scene) => {
    await scene.plan([stream('data: a\n\n')])
    const watch = scene.watch()
    await watch.next('message')
    watch.source.reconnect()
    watch.source.close()
    await pause()
    assert.equal(watch.source.readyState, 2)
    assert.deepEqual(watch.types, ['open', 'message'])
    assert.lengthOf(await scene.requests(), 1)
  }),

  reconnect('A failed attempt that reconnect() started is followed by the usual retries', async (scene) => {
    await scene.plan([stream('data: a\n\n'), noAnswer, stream('data: b\n\n')])
    const watch = scene.watch({ retry: { initialDelay: 10 } })
    await watch.next('message')
    watch.source.reconnect()
    assert.equal((await watch.nextError()).reason, 'network')
    assert.equal((await watch.nextMessage()).data, 'b')
  }),

  reconnect('reconnect() throws a TypeError when this is not an EventSource', async ({ context }) => {
    assert.throws(() => context.EventSource.prototype.reconnect.call({} as never), TypeError)
  }),

  dispose(
    'Symbol.dispose closes the source',
    async (scene) => {
      await scene.plan([stream('data: a\n\n')])
      const watch = scene.watch()
      await watch.next('message')
      watch.source[Symbol.dispose]()
      assert.equal(watch.source.readyState, 2)
      assert.isTrue((await scene.requests({ over: 1 }))[0]?.cutByClient)
      assert.deepEqual(watch.types, ['open', 'message'])
    },
    { limits: () => (Symbol.dispose === undefined ? 'there is no Symbol.dispose here' : undefined) },
  ),
]
