import { assert } from 'chai'
import type { EventSource } from '../../../src/index.ts'
import { endedStream, refusal, stream } from '../answers.ts'
import type { ConformanceCase } from '../case.ts'
import { dispatchesByMethod, dispatchesToNewListeners } from '../limits.ts'
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

  handlers(
    'The methods and attributes that a subclass overrides are not called',
    async (scene) => {
      await scene.plan([endedStream('retry: 1\nid: 1\ndata: a\n\n'), stream('data: b\n\n'), stream('data: c\n\n')])
      const called: string[] = []
      class Overriding extends scene.context.EventSource {}
      const overridden = ['addEventListener', 'removeEventListener', 'dispatchEvent', 'close', 'reconnect']
      for (const name of [...overridden, 'readyState', 'url', 'withCredentials', 'lastEventId']) {
        const value = (): unknown => called.push(name)
        Object.defineProperty(Overriding.prototype, name, overridden.includes(name) ? { value } : { get: value })
      }
      const source = new Overriding(scene.url())
      const { prototype } = scene.context.EventSource
      try {
        const heard = await new Promise<string[]>((resolve) => {
          const events: string[] = []
          source.onmessage = ignore
          source.onmessage = null
          source.onmessage = (event) => {
            events.push(event.data)
            if (event.data === 'b') prototype.reconnect.call(source)
            if (event.data === 'c') resolve(events)
          }
          source.onerror = ({ type }) => events.push(type)
        })
        assert.deepEqual(heard, ['a', 'error', 'b', 'c'])
      } finally {
        prototype.close.call(source)
      }
      assert.deepEqual(called, [])
    },
    { limits: dispatchesByMethod },
  ),

  handlers(
    'A handler is called although the methods of its EventSource were replaced',
    async (scene) => {
      const source = await openOnMessage(scene)
      const called: string[] = []
      for (const name of ['addEventListener', 'dispatchEvent', 'close']) {
        Object.defineProperty(source, name, { value: () => called.push(name), configurable: true })
      }
      const event = await new Promise<MessageEvent>((resolve) => {
        source.onmessage = resolve
      })
      assert.equal(event.data, 'a')
      assert.deepEqual(called, [])
      Reflect.deleteProperty(source, 'close')
    },
    { limits: dispatchesByMethod },
  ),

  handlers('A handler is called although a tool replaced the methods of EventTarget', async (scene) => {
    const source = await openOnMessage(scene)
    const prototype: EventTarget = Object.getPrototypeOf(scene.context.EventSource.prototype)
    const { addEventListener } = prototype
    const added: unknown[] = []
    // As such tools do it: with a listener of their own, which calls the given one as a function.
    prototype.addEventListener = function (type, listener, options) {
      if (this !== source) return addEventListener.call(this, type, listener, options)
      added.push(type)
      const call = listener as (event: Event) => void
      addEventListener.call(this, type, (event) => call.call(source, event), options)
    }
    const heard: string[] = []
    const replaced = new Promise<void>((resolve) => {
      source.onmessage = () => heard.push('first')
      source.onmessage = ({ data }) => {
        heard.push(data)
        resolve()
      }
    })
    prototype.addEventListener = addEventListener
    await replaced
    assert.deepEqual(added, ['message'])
    assert.deepEqual(heard, ['a'])
  }),
]
