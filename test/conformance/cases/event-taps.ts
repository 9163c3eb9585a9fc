import { assert } from 'chai'
import type { EventSource } from '../../../src/index.ts'
import { endedStream, refusal, stream } from '../answers.ts'
import { type ConformanceCase, thrownOnPurpose } from '../case.ts'
import { sniffsContentTypes } from '../limits.ts'
import { pause, type Scene, under, type Watch } from '../scene.ts'

const onEvent = under('everysource: onEvent')
const acceptContentType = under('everysource: acceptContentType')

/** Opens a source whose response has a Content-Type that the standard refuses. */
async function watchType(scene: Scene, contentType: string | null, accepts: (type: string | null) => boolean) {
  await scene.plan([{ contentType, body: ['data: a\n\n'] }])
  return scene.watch({ acceptContentType: accepts })
}

export const cases: ConformanceCase[] = [
  onEvent('onEvent is called with every event, whatever its name, before its listeners', async (scene) => {
    await scene.plan([
      stream(
        'id: 1\ndata: a\n\n',
        'event: tick\nid: 2\ndata: b\n\n',
        'event: error\ndata: c\n\nevent: last\ndata: d\n\n',
      ),
    ])
    const calls: string[] = []
    const source = scene.open({
      onEvent({ type, data, lastEventId, origin }) {
        assert.equal(origin, scene.context.feed)
        calls.push(`onEvent ${type} ${data} ${lastEventId}`)
      },
    })
    source.addEventListener('message', ({ data }) => calls.push(`message ${data}`))
    source.addEventListener('tick', ({ data }) => calls.push(`tick ${data}`))
    await scene.observe(source, 'last').next('last')
    assert.deepEqual(calls, [
      'onEvent message a 1',
      'message a',
      'onEvent tick b 2',
      'tick b',
      'onEvent error c 2',
      'onEvent last d 2',
    ])
  }),

  onEvent('onEvent receives the same object as the listeners', async (scene) => {
    await scene.plan([stream('data: a\n\n')])
    const seen: unknown[] = []
    const watch = scene.watch({ onEvent: (event) => seen.push(event) })
    const event = await watch.nextMessage()
    assert.lengthOf(seen, 1)
    assert.equal(seen[0], event)
  }),

  onEvent('onEvent is not called for open and error events of the source itself', async (scene) => {
    const seen: string[] = []
    await scene.plan([endedStream('retry: 10\ndata: a\n\n'), refusal(404)])
    const watch = scene.watch({ onEvent: ({ type }) => seen.push(type) })
    while ((await watch.nextError()).willReconnect);
    assert.deepEqual(seen, ['message'])
  }),

  onEvent('close() in onEvent keeps the event from the listeners', async (scene) => {
    await scene.plan([stream('data: a\n\ndata: b\n\n')])
    let calls = 0
    let called = (): void => undefined
    const call = new Promise<void>((resolve) => {
      called = resolve
    })
    const source: EventSource = scene.open({
      onEvent() {
        calls++
        source.close()
        called()
      },
    })
    const watch: Watch = scene.observe(source)
    await call
    await pause()
    assert.deepEqual(watch.types, ['open'])
    assert.equal(calls, 1)
  }),

  onEvent('An onEvent that throws does not keep the event from the listeners', async (scene) => {
    await scene.plan([stream('data: a\n\n')])
    const watch = scene.watch({
      onEvent() {
        throw new Error(thrownOnPurpose)
      },
    })
    assert.equal((await watch.nextMessage()).data, 'a')
  }),

  acceptContentType('acceptContentType can accept a type that the standard refuses', async (scene) => {
    const seen: unknown[] = []
    const watch = await watchType(scene, 'application/x-feed; v=1', (type) => {
      seen.push(type)
      return true
    })
    assert.equal((await watch.nextMessage()).data, 'a')
    assert.deepEqual(seen, ['application/x-feed; v=1'])
  }),

  acceptContentType(
    'acceptContentType receives null for a response without a Content-Type',
    async (scene) => {
      const seen: unknown[] = []
      const watch = await watchType(scene, null, (type) => {
        seen.push(type)
        return true
      })
      await watch.next('message')
      assert.deepEqual(seen, [null])
    },
    { limits: sniffsContentTypes },
  ),

  acceptContentType('acceptContentType can refuse text/event-stream', async (scene) => {
    const watch = await watchType(scene, 'text/event-stream', (type) => type === 'application/x-feed')
    const error = await watch.nextError()
    assert.equal(error.reason, 'content-type')
    assert.equal(error.code, 200)
    assert.isFalse(error.willReconnect)
    assert.include(error.message, 'text/event-stream')
    assert.match(error.message, /acceptContentType/)
  }),

  acceptContentType('acceptContentType is not called for a status other than 200', async (scene) => {
    let calls = 0
    await scene.plan([refusal(404)])
    const watch = scene.watch({ acceptContentType: () => ++calls > 0 })
    assert.equal((await watch.nextError()).reason, 'status')
    assert.equal(calls, 0)
  }),

  acceptContentType('An acceptContentType that throws leads to an error that names it, then a retry', async (scene) => {
    await scene.plan([stream('data: a\n\n')])
    const cause = new Error('no table of types')
    let calls = 0
    const watch = scene.watch({
      acceptContentType() {
        if (calls++ === 0) throw cause
        return true
      },
      retry: { initialDelay: 10, jitter: 0 },
    })
    const error = await watch.nextError()
    assert.equal(error.reason, 'callback')
    assert.equal(error.message, 'acceptContentType: no table of types')
    assert.equal(error.error, cause)
    assert.isUndefined(error.code)
    await watch.next('message')
  }),
]
