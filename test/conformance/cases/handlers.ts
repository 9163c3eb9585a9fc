import { assert } from 'chai'
import type { EventSource } from '../../../src/index.ts'
import { endedStream, refusal, stream } from '../answers.ts'
import type { ConformanceCase } from '../case.ts'
import { dispatchesToNewListeners } from '../limits.ts'
import { type Scene, under } from '../scene.ts'

const handlers = under('HTML: Event handlers')

type HandlerName = 'onopen' | 'onmessage' | 'onerror'

/** Assigns as a caller without types would. */
function assign(source: EventSource, name: HandlerName, value: unknown): void {
  Reflect.set(source, name, value)
}

/** A handler to be seen, not to be called. */
const ignore = (event: Event): Event => event

/** A source with one message to come. */
async function openOnMessage(scene: Scene): Promise<EventSource> {
  await scene.plan([stream('data: a\n\n')])
  return scene.open()
}

export const cases: ConformanceCase[] = [
  ...(['onopen', 'onmessage', 'onerror'] as const).map((name) =>
    handlers(`${name} is called with the event, on the EventSource`, async (scene) => {
      await scene.plan([endedStream('data: a\n\n')])
      const source = scene.open()
      const called = await new Promise<{ self: unknown; given: unknown[] }>((resolve) => {
        source[name] = function (this: unknown, ...given: unknown[]) {
          resolve({ self: this, given })
        }
      })
      assert.equal(called.self, source)
      assert.lengthOf(called.given, 1)
      assert.equal((called.given[0] as Event).type, name.slice(2))
    }),
  ),

  handlers('an attribute returns the function it was given', async (scene) => {
    const source = scene.open({}, `${scene.context.feed}/plain`)
    for (const name of ['onopen', 'onmessage', 'onerror'] as const) {
      source[name] = ignore
      assert.equal(source[name], ignore)
      source[name] = null
      assert.isNull(source[name])
    }
  }),

  handlers('the attributes are independent of each other', async (scene) => {
    const source = scene.open({}, `${scene.context.feed}/plain`)
    source.onmessage = ignore
    assert.isNull(source.onopen)
    assert.isNull(source.onerror)
  }),

  handlers('an attribute that is given no object becomes null', async (scene) => {
    const source = scene.open({}, `${scene.context.feed}/plain`)
    for (const value of [undefined, null, 0, 1, '', 'alert()', true, Symbol('handler'), 1n]) {
      source.onmessage = ignore
      assign(source, 'onmessage', value)
      assert.isNull(source.onmessage, String(value))
    }
  }),

  handlers('an object that is no function is kept and returned, but its handleEvent is not called', async (scene) => {
    const source = await openOnMessage(scene)
    let called = false
    const handler = {
      handleEvent() {
        called = true
      },
    }
    assign(source, 'onmessage', handler)
    assert.equal(source.onmessage as unknown, handler)
    await scene.observe(source).next('message')
    assert.isFalse(called)
  }),

  handlers('a handler replaced by an object that is no function is not called any more', async (scene) => {
    const source = await openOnMessage(scene)
    let called = false
    source.onmessage = () => {
      called = true
    }
    assign(source, 'onmessage', {})
    await scene.observe(source).next('message')
    assert.isFalse(called)
  }),

  handlers('a handler takes its place among the listeners when it is first set', async (scene) => {
    const source = await openOnMessage(scene)
    const calls: string[] = []
    source.addEventListener('message', () => calls.push('before'))
    source.onmessage = () => calls.push('handler')
    source.addEventListener('message', () => calls.push('after'))
    await scene.observe(source).next('message')
    assert.deepEqual(calls, ['before', 'handler', 'after'])
  }),

  handlers('a handler that is replaced passes on its place', async (scene) => {
    const source = await openOnMessage(scene)
    const calls: string[] = []
    source.onmessage = () => calls.push('first handler')
    source.addEventListener('message', () => calls.push('listener'))
    source.onmessage = () => calls.push('second handler')
    await scene.observe(source).next('message')
    assert.deepEqual(calls, ['second handler', 'listener'])
  }),

  handlers('an object that is no function holds the place for a function', async (scene) => {
    const source = await openOnMessage(scene)
    const calls: string[] = []
    assign(source, 'onmessage', {})
    source.addEventListener('message', () => calls.push('listener'))
    source.onmessage = () => calls.push('handler')
    await scene.observe(source).next('message')
    assert.deepEqual(calls, ['handler', 'listener'])
  }),

  handlers('a handler that was null in between goes to the end', async (scene) => {
    const source = await openOnMessage(scene)
    const calls: string[] = []
    source.onmessage = () => calls.push('first handler')
    source.addEventListener('message', () => calls.push('listener'))
    source.onmessage = null
    source.onmessage = () => calls.push('second handler')
    await scene.observe(source).next('message')
    assert.deepEqual(calls, ['listener', 'second handler'])
  }),

  handlers('a handler set to null is not called', async (scene) => {
    const source = await openOnMessage(scene)
    let called = false
    source.onmessage = () => {
      called = true
    }
    source.onmessage = null
    await scene.observe(source).next('message')
    assert.isFalse(called)
  }),

  handlers('a handler is called once for each event, also where a listener is the same function', async (scene) => {
    const source = await openOnMessage(scene)
    let calls = 0
    const count = (): void => {
      calls++
    }
    source.onmessage = count
    source.onmessage = count
    source.addEventListener('message', count)
    await scene.observe(source).next('message')
    assert.equal(calls, 2)
  }),

  handlers('removeEventListener does not remove a handler', async (scene) => {
    const source = await openOnMessage(scene)
    let calls = 0
    const count = (): void => {
      calls++
    }
    source.onmessage = count
    source.removeEventListener('message', count)
    await scene.observe(source).next('message')
    assert.equal(calls, 1)
  }),

  handlers(
    'a handler set during dispatch is called with the next event',
    async (scene) => {
      await scene.plan([stream('data: a\n\ndata: b\n\n')])
      const source = scene.open()
      const heard: string[] = []
      source.addEventListener('message', () => {
        source.onmessage ??= (event: MessageEvent) => heard.push(event.data)
      })
      const watch = scene.observe(source)
      await watch.next('message')
      await watch.next('message')
      assert.deepEqual(heard, ['b'])
    },
    { limits: dispatchesToNewListeners },
  ),

  handlers('a handler replaced during dispatch is called in its new form by the same event', async (scene) => {
    const source = await openOnMessage(scene)
    const calls: string[] = []
    source.addEventListener('message', () => {
      source.onmessage = () => calls.push('second handler')
    })
    source.onmessage = () => calls.push('first handler')
    await scene.observe(source).next('message')
    assert.deepEqual(calls, ['second handler'])
  }),

  handlers('what a handler returns has no effect', async (scene) => {
    await scene.plan([refusal(404)])
    const source = scene.open()
    source.onerror = () => true
    const { event } = await scene.observe(source).next('error')
    assert.isFalse(event.defaultPrevented)
    assert.equal(source.readyState, 2)
  }),

  handlers('the handlers of two sources are their own', async (scene) => {
    await scene.plan([stream('data: a\n\n')])
    const [first, second] = [scene.open(), scene.open()]
    const heard: string[] = []
    first.onmessage = () => heard.push('first')
    second.onmessage = () => heard.push('second')
    first.close()
    await scene.observe(second).next('message')
    assert.deepEqual(heard, ['second'])
  }),
]
