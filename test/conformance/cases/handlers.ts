import { assert } from 'chai'
import type { EventSource } from '../../../src/index.ts'
import { endedStream, refusal, stream } from '../answers.ts'
import type { ConformanceCase } from '../case.ts'
import { dispatchesToNewListeners } from '../limits.ts'
import { type Scene, under } from '../scene.ts'

const handlers = under('HTML: Event handlers')

type HandlerName = 'onopen' | 'onmessage' | 'onerror'

/** Assigns as a caller without types can. */
function assign(source: EventSource, name: HandlerName, value: unknown): void {
  Reflect.set(source, name, value)
}

/** A handler that is only compared, not called. */
const ignore = (event: Event): Event => event

/** Opens a source that will receive one message. */
async function openOnMessage(scene: Scene): Promise<EventSource> {
  await scene.plan([stream('data: a\n\n')])
  return scene.open()
}

export const cases: ConformanceCase[] = [
  ...(['onopen', 'onmessage', 'onerror'] as const).map((name) =>
    handlers(`The handler ${name} is called with the event, on the EventSource`, async (scene) => {
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

  handlers('An event handler attribute returns the function that it was given', async (scene) => {
    const source = scene.open({}, `${scene.context.feed}/plain`)
    for (const name of ['onopen', 'onmessage', 'onerror'] as const) {
      source[name] = ignore
      assert.equal(source[name], ignore)
      source[name] = null
      assert.isNull(source[name])
    }
  }),

  handlers('The event handler attributes are independent of each other', async (scene) => {
    const source = scene.open({}, `${scene.context.feed}/plain`)
    source.onmessage = ignore
    assert.isNull(source.onopen)
    assert.isNull(source.onerror)
  }),

  handlers('An event handler attribute becomes null when it is given a value that is not an object', async (scene) => {
    const source = scene.open({}, `${scene.context.feed}/plain`)
    for (const value of [undefined, null, 0, 1, '', 'alert()', true, Symbol('handler'), 1n]) {
      source.onmessage = ignore
      assign(source, 'onmessage', value)
      assert.isNull(source.onmessage, String(value))
    }
  }),

  handlers('An object that is not a function is returned, and its handleEvent is not called', async (scene) => {
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

  handlers('A handler that is replaced with an object that is not a function is no longer called', async (scene) => {
    const source = await openOnMessage(scene)
    let called = false
    source.onmessage = () => {
      called = true
    }
    assign(source, 'onmessage', {})
    await scene.observe(source).next('message')
    assert.isFalse(called)
  }),

  handlers('A handler is called in the order in which it was first set among the listeners', async (scene) => {
    const source = await openOnMessage(scene)
    const calls: string[] = []
    source.addEventListener('message', () => calls.push('before'))
    source.onmessage = () => calls.push('handler')
    source.addEventListener('message', () => calls.push('after'))
    await scene.observe(source).next('message')
    assert.deepEqual(calls, ['before', 'handler', 'after'])
  }),

  handlers('A handler that replaces another one is called in the same position', async (scene) => {
    const source = await openOnMessage(scene)
    const calls: string[] = []
    source.onmessage = () => calls.push('first handler')
    source.addEventListener('message', () => calls.push('listener'))
    source.onmessage = () => calls.push('second handler')
    await scene.observe(source).next('message')
    assert.deepEqual(calls, ['second handler', 'listener'])
  }),

  handlers('An object that is not a function reserves the position for a later function', async (scene) => {
    const source = await openOnMessage(scene)
    const calls: string[] = []
    assign(source, 'onmessage', {})
    source.addEventListener('message', () => calls.push('listener'))
    source.onmessage = () => calls.push('handler')
    await scene.observe(source).next('message')
    assert.deepEqual(calls, ['handler', 'listener'])
  }),

  handlers('A handler that was null in between is called last', async (scene) => {
    const source = await openOnMessage(scene)
    const calls: string[] = []
    source.onmessage = () => calls.push('first handler')
    source.addEventListener('message', () => calls.push('listener'))
    source.onmessage = null
    source.onmessage = () => calls.push('second handler')
    await scene.observe(source).next('message')
    assert.deepEqual(calls, ['listener', 'second handler'])
  }),

  handlers('A handler that is set to null is not called', async (scene) => {
    const source = await openOnMessage(scene)
    let called = false
    source.onmessage = () => {
      called = true
    }
    source.onmessage = null
    await scene.observe(source).next('message')
    assert.isFalse(called)
  }),

  handlers('A handler is called once for each event, even if a listener is the same function', async (scene) => {
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

  handlers('removeEventListener() does not remove a handler', async (scene) => {
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
    'A handler that is set during dispatch is called with the next event',
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

  handlers('A handler that is replaced during dispatch is called in its new form for the same event', async (scene) => {
    const source = await openOnMessage(scene)
    const calls: string[] = []
    source.addEventListener('message', () => {
      source.onmessage = () => calls.push('second handler')
    })
    source.onmessage = () => calls.push('first handler')
    await scene.observe(source).next('message')
    assert.deepEqual(calls, ['second handler'])
  }),

  handlers('The return value of a handler has no effect', async (scene) => {
    await scene.plan([refusal(404)])
    const source = scene.open()
    source.onerror = () => true
    const { event } = await scene.observe(source).next('error')
    assert.isFalse(event.defaultPrevented)
    assert.equal(source.readyState, 2)
  }),

  handlers('Two sources have independent handlers', async (scene) => {
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
