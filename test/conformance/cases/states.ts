import { assert } from 'chai'
import { endedStream, refusal, silence, stream } from '../answers.ts'
import type { ConformanceCase } from '../case.ts'
import { announcesAtFirstByte } from '../limits.ts'
import { pause, type RecordedEvent, under } from '../scene.ts'

const theInterface = under('HTML: The EventSource interface')
const processing = under('HTML: Processing model')

/** Checks that an event neither bubbles nor can be canceled. */
function assertPlainEvent({ event }: RecordedEvent, type: string, source: EventTarget): void {
  assert.instanceOf(event, Event)
  assert.notInstanceOf(event, MessageEvent)
  assert.equal(event.type, type)
  assert.isFalse(event.bubbles)
  assert.isFalse(event.cancelable)
  assert.isFalse(event.composed)
  assert.isFalse(event.defaultPrevented)
  assert.equal(event.target, source)
}

export const cases: ConformanceCase[] = [
  processing('Announcing the connection sets readyState to OPEN and fires open', async (scene) => {
    await scene.plan([stream(': hello\n')])
    const watch = scene.watch()
    assert.equal((await watch.next('open')).readyState, 1)
    assert.equal(watch.source.readyState, 1)
  }),

  processing('The open event is a plain event', async (scene) => {
    await scene.plan([stream(': hello\n')])
    const watch = scene.watch()
    assertPlainEvent(await watch.next('open'), 'open', watch.source)
  }),

  processing(
    'The connection is announced when the response arrives, without a byte of its body',
    async (scene) => {
      await scene.plan([stream()])
      const watch = scene.watch()
      assert.equal((await watch.next('open')).readyState, 1)
    },
    {
      limits: announcesAtFirstByte,
    },
  ),

  processing('readyState remains CONNECTING while there is no response', async (scene) => {
    await scene.plan([silence])
    const watch = scene.watch()
    await scene.requests({ count: 1 })
    await pause()
    assert.equal(watch.source.readyState, 0)
    assert.deepEqual(watch.types, [])
  }),

  processing('The open event comes before the first message, however early that arrives', async (scene) => {
    await scene.plan([stream('data: a\n\ndata: b\n\n')])
    const watch = scene.watch()
    await watch.next('message')
    await watch.next('message')
    assert.deepEqual(watch.types, ['open', 'message', 'message'])
  }),

  processing('readyState is OPEN when a message is dispatched', async (scene) => {
    await scene.plan([stream('data: a\n\n')])
    const watch = scene.watch()
    assert.equal((await watch.next('message')).readyState, 1)
  }),

  processing('A stream that ends fires error with readyState CONNECTING', async (scene) => {
    await scene.plan([endedStream('data: a\n\n')])
    const watch = scene.watch()
    const error = await watch.next('error')
    assert.equal(error.readyState, 0)
    assertPlainEvent(error, 'error', watch.source)
  }),

  processing('readyState remains CONNECTING during the reconnection time', async (scene) => {
    await scene.plan([endedStream('retry: 600000\ndata: a\n\n')])
    const watch = scene.watch()
    await watch.next('error')
    await pause()
    assert.equal(watch.source.readyState, 0)
    assert.lengthOf(await scene.requests(), 1)
  }),

  processing('A connection that is reestablished is announced again', async (scene) => {
    await scene.plan([endedStream('retry: 10\ndata: a\n\n'), stream('data: b\n\n')])
    const watch = scene.watch()
    await watch.next('message')
    await watch.next('message')
    assert.deepEqual(
      watch.seen.map(({ type, readyState }) => [type, readyState]),
      [
        ['open', 1],
        ['message', 1],
        ['error', 0],
        ['open', 1],
        ['message', 1],
      ],
    )
  }),

  processing('Failing the connection fires one error with readyState CLOSED', async (scene) => {
    await scene.plan([refusal(404)])
    const watch = scene.watch()
    const error = await watch.next('error')
    assert.equal(error.readyState, 2)
    assertPlainEvent(error, 'error', watch.source)
    await pause()
    assert.deepEqual(watch.types, ['error'])
    assert.equal(watch.source.readyState, 2)
  }),

  theInterface('close() sets readyState to CLOSED at once', async (scene) => {
    await scene.plan([stream('data: a\n\n')])
    const watch = scene.watch()
    await watch.next('message')
    watch.source.close()
    assert.equal(watch.source.readyState, 2)
  }),

  theInterface('url and withCredentials do not change when the source is closed', async (scene) => {
    await scene.plan([stream('data: a\n\n')])
    const watch = scene.watch({ withCredentials: true })
    await watch.next('message')
    watch.source.close()
    assert.equal(watch.source.url, scene.url())
    assert.isTrue(watch.source.withCredentials)
  }),
]
