import { assert } from 'chai'
import { endedStream, refusal, stream } from '../answers.ts'
import { type ConformanceCase, thrownOnPurpose } from '../case.ts'
import { dispatchesToNewListeners, throwsListenerExceptions } from '../limits.ts'
import { pause, under } from '../scene.ts'

const interpreting = under('HTML: Interpreting an event stream')
const dispatching = under('DOM: Dispatching events')

/** Throws an error that the platform reports as uncaught, without ending the process or failing the run. */
function throwOnPurpose(): never {
  throw new Error(thrownOnPurpose)
}

const unusualTypes = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'close',
  'on',
  'a:b',
  'two words',
  'été',
]

export const cases: ConformanceCase[] = [
  interpreting(
    'A message is a MessageEvent of the realm with the type, data, origin and last event ID',
    async (scene) => {
      await scene.plan([stream('id: 7\ndata: a\n\n')])
      const event = await scene.watch().nextMessage()
      assert.instanceOf(event, MessageEvent)
      assert.equal(event.type, 'message')
      assert.equal(event.data, 'a')
      assert.equal(event.origin, scene.context.feed)
      assert.equal(event.lastEventId, '7')
    },
  ),

  interpreting('A message does not bubble and cannot be canceled', async (scene) => {
    await scene.plan([stream('data: a\n\n')])
    const source = scene.open()
    const event = await new Promise<Event>((resolve) => {
      source.addEventListener('message', (message) => {
        message.preventDefault()
        resolve(message)
      })
    })
    assert.isFalse(event.bubbles)
    assert.isFalse(event.cancelable)
    assert.isFalse(event.composed)
    assert.isFalse(event.defaultPrevented)
  }),

  interpreting('A message has no source and no ports', async (scene) => {
    await scene.plan([stream('data: a\n\n')])
    const event = await scene.watch().nextMessage()
    assert.isNull(event.source)
    assert.lengthOf(event.ports, 0)
  }),

  dispatching('The EventSource is the target, the current target and the whole path during dispatch', async (scene) => {
    await scene.plan([stream('data: a\n\n')])
    const source = scene.open()
    const seen = await new Promise<Record<string, unknown>>((resolve) => {
      source.addEventListener('message', (event) => {
        const { target, currentTarget, eventPhase } = event
        resolve({ target, currentTarget, eventPhase, path: event.composedPath() })
      })
    })
    assert.equal(seen['target'], source)
    assert.equal(seen['currentTarget'], source)
    assert.equal(seen['eventPhase'], Event.AT_TARGET)
    assert.lengthOf(seen['path'] as EventTarget[], 1)
  }),

  interpreting('An event with a type of its own has an origin and a last event ID', async (scene) => {
    await scene.plan([stream('event: tick\nid: 1\ndata: a\n\n')])
    const event = await scene.watch({}, 'tick').nextMessage('tick')
    assert.equal(event.type, 'tick')
    assert.equal(event.data, 'a')
    assert.equal(event.origin, scene.context.feed)
    assert.equal(event.lastEventId, '1')
  }),

  interpreting('An event of another type does not fire onmessage', async (scene) => {
    await scene.plan([stream('event: tick\ndata: a\n\ndata: b\n\n')])
    const watch = scene.watch({}, 'tick')
    const handled: unknown[] = []
    watch.source.onmessage = (event: MessageEvent) => handled.push(event.data)
    await watch.next('message')
    assert.deepEqual(watch.types, ['open', 'tick', 'message'])
    assert.deepEqual(handled, ['b'])
  }),

  interpreting('An event of type message fires onmessage', async (scene) => {
    await scene.plan([stream('event: message\ndata: a\n\n')])
    const watch = scene.watch()
    const handled: unknown[] = []
    watch.source.onmessage = (event: MessageEvent) => handled.push(event.data)
    await watch.next('message')
    assert.deepEqual(handled, ['a'])
  }),

  interpreting(
    'An event without data is not dispatched, and its type does not apply to the next event',
    async (scene) => {
      await scene.plan([stream('event: tick\n\ndata: a\n\n')])
      const watch = scene.watch({}, 'tick')
      await watch.next('message')
      assert.deepEqual(watch.messages, [['message', 'a', '']])
    },
  ),

  interpreting('An event of type error from the server is a message, and interrupts nothing', async (scene) => {
    await scene.plan([stream('event: error\ndata: disk full\n\ndata: b\n\n')])
    const watch = scene.watch()
    const handled: unknown[] = []
    watch.source.onerror = (event: Event) => handled.push((event as MessageEvent).data)
    const error = await watch.next('error')
    await watch.next('message')
    assert.instanceOf(error.event, MessageEvent)
    assert.equal((error.event as MessageEvent).data, 'disk full')
    assert.equal(error.readyState, 1)
    assert.deepEqual(handled, ['disk full'])
    assert.deepEqual(watch.types, ['open', 'error', 'message'])
  }),

  interpreting('An event of type open from the server is a message like any other', async (scene) => {
    await scene.plan([stream('event: open\ndata: at nine\n\n')])
    const watch = scene.watch()
    assert.notInstanceOf((await watch.next('open')).event, MessageEvent)
    const second = await watch.next('open')
    assert.instanceOf(second.event, MessageEvent)
    assert.equal((second.event as MessageEvent).data, 'at nine')
  }),

  ...unusualTypes.map((type) =>
    interpreting(`An event can have the type ${type}`, async (scene) => {
      await scene.plan([stream(`event: ${type}\ndata: a\n\ndata: b\n\n`)])
      const watch = scene.watch({}, type)
      await watch.next('message')
      assert.deepEqual(watch.messages, [
        [type, 'a', ''],
        ['message', 'b', ''],
      ])
    }),
  ),

  interpreting('The last event ID applies to later events that have no id', async (scene) => {
    await scene.plan([stream('id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n')])
    const watch = scene.watch()
    for (let count = 0; count < 3; count++) await watch.next('message')
    assert.deepEqual(watch.messages, [
      ['message', 'a', '1'],
      ['message', 'b', '1'],
      ['message', 'c', ''],
    ])
  }),

  interpreting('The data of a message is always a string', async (scene) => {
    await scene.plan([stream('data: 1\n\ndata: {"a":1}\n\ndata\n\n')])
    const watch = scene.watch()
    for (const data of ['1', '{"a":1}', '']) assert.strictEqual((await watch.nextMessage()).data, data)
  }),

  interpreting('The events of one chunk are dispatched in order', async (scene) => {
    const numbers = Array.from({ length: 200 }, (_, index) => String(index))
    await scene.plan([endedStream(numbers.map((number) => `data: ${number}\n\n`).join(''))])
    const watch = scene.watch()
    await watch.next('error')
    assert.deepEqual(
      watch.messages.map(([, data]) => data),
      numbers,
    )
  }),

  dispatching('All listeners are called in the order in which they were added', async (scene) => {
    await scene.plan([stream('data: a\n\n')])
    const source = scene.open()
    const calls: number[] = []
    source.addEventListener('message', () => calls.push(1))
    source.addEventListener('message', () => calls.push(2))
    await scene.observe(source).next('message')
    assert.deepEqual(calls, [1, 2])
  }),

  dispatching('A listener that is added twice is called once', async (scene) => {
    await scene.plan([stream('data: a\n\n')])
    const source = scene.open()
    let calls = 0
    const listener = (): void => {
      calls++
    }
    source.addEventListener('message', listener)
    source.addEventListener('message', listener)
    await scene.observe(source).next('message')
    assert.equal(calls, 1)
  }),

  dispatching('A listener that is removed is not called', async (scene) => {
    await scene.plan([stream('data: a\n\ndata: b\n\n')])
    const source = scene.open()
    const heard: string[] = []
    const listener = (event: MessageEvent): void => {
      heard.push(event.data)
      source.removeEventListener('message', listener)
    }
    source.addEventListener('message', listener)
    const watch = scene.observe(source)
    await watch.next('message')
    await watch.next('message')
    assert.deepEqual(heard, ['a'])
  }),

  dispatching('A listener added with once is called once', async (scene) => {
    await scene.plan([stream('data: a\n\ndata: b\n\n')])
    const source = scene.open()
    const heard: string[] = []
    source.addEventListener('message', (event: MessageEvent) => heard.push(event.data), { once: true })
    const watch = scene.observe(source)
    await watch.next('message')
    await watch.next('message')
    assert.deepEqual(heard, ['a'])
  }),

  dispatching('A listener added with a signal is removed when that signal is aborted', async (scene) => {
    await scene.plan([stream('data: a\n\ndata: b\n\n')])
    const source = scene.open()
    const controller = new AbortController()
    const heard: string[] = []
    const listener = (event: MessageEvent): void => {
      heard.push(event.data)
      controller.abort()
    }
    source.addEventListener('message', listener, { signal: controller.signal })
    const watch = scene.observe(source)
    await watch.next('message')
    await watch.next('message')
    assert.deepEqual(heard, ['a'])
    assert.equal(source.readyState, 1)
  }),

  dispatching('An object with handleEvent can be a listener', async (scene) => {
    await scene.plan([stream('data: a\n\n')])
    const source = scene.open()
    const listener = {
      heard: [] as string[],
      handleEvent(event: Event) {
        this.heard.push((event as MessageEvent).data)
      },
    }
    source.addEventListener('message', listener)
    await scene.observe(source).next('message')
    assert.deepEqual(listener.heard, ['a'])
  }),

  dispatching(
    'A listener added during dispatch receives only the next event',
    async (scene) => {
      await scene.plan([stream('data: a\n\ndata: b\n\n')])
      const source = scene.open()
      const heard: string[] = []
      source.addEventListener(
        'message',
        () => source.addEventListener('message', (event: MessageEvent) => heard.push(event.data)),
        { once: true },
      )
      const watch = scene.observe(source)
      await watch.next('message')
      await watch.next('message')
      assert.deepEqual(heard, ['b'])
    },
    { limits: dispatchesToNewListeners },
  ),

  dispatching('stopImmediatePropagation() prevents later listeners from being called', async (scene) => {
    await scene.plan([stream('data: a\n\ndata: b\n\n')])
    const source = scene.open()
    source.addEventListener('message', (event) => event.stopImmediatePropagation(), { once: true })
    const watch = scene.observe(source)
    await watch.next('message')
    assert.deepEqual(watch.messages, [['message', 'b', '']])
  }),

  dispatching(
    'An exception in a listener affects neither the other listeners nor the stream',
    async (scene) => {
      await scene.plan([stream('data: a\n\ndata: b\n\n')])
      const source = scene.open()
      source.addEventListener('message', throwOnPurpose)
      source.onmessage = throwOnPurpose
      const watch = scene.observe(source)
      await watch.next('message')
      await watch.next('message')
      assert.deepEqual(watch.messages, [
        ['message', 'a', ''],
        ['message', 'b', ''],
      ])
      assert.equal(source.readyState, 1)
    },
    { limits: throwsListenerExceptions },
  ),

  dispatching(
    'An exception in an open listener does not prevent the messages',
    async (scene) => {
      await scene.plan([stream('data: a\n\n')])
      const source = scene.open()
      source.addEventListener('open', throwOnPurpose)
      const watch = scene.observe(source)
      await watch.next('message')
      assert.deepEqual(watch.types, ['open', 'message'])
    },
    { limits: throwsListenerExceptions },
  ),

  dispatching(
    'An exception in an error listener does not prevent the reconnection',
    async (scene) => {
      await scene.plan([endedStream('retry: 10\ndata: a\n\n'), stream('data: b\n\n')])
      const source = scene.open()
      source.addEventListener('error', throwOnPurpose)
      const watch = scene.observe(source)
      await watch.next('message')
      assert.equal((await watch.nextMessage()).data, 'b')
    },
    { limits: throwsListenerExceptions },
  ),

  dispatching(
    'An exception in the error listener of a failed connection leaves the source CLOSED',
    async (scene) => {
      await scene.plan([refusal(404)])
      const source = scene.open()
      source.onerror = throwOnPurpose
      await scene.observe(source).next('error')
      await pause()
      assert.equal(source.readyState, 2)
    },
    { limits: throwsListenerExceptions },
  ),

  dispatching('Script can dispatch events of its own on an EventSource', async (scene) => {
    await scene.plan([stream('data: a\n\n')])
    const watch = scene.watch()
    let handled: unknown
    watch.source.onmessage = (event: MessageEvent) => {
      handled = event.data
    }
    watch.source.dispatchEvent(new MessageEvent('message', { data: 'mine' }))
    assert.equal(handled, 'mine')
    await watch.next('message')
    await watch.next('message')
    assert.equal(handled, 'a')
  }),
]
