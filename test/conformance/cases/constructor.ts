import { assert } from 'chai'
import type { EventSource } from '../../../src/index.ts'
import { stream } from '../answers.ts'
import type { ConformanceCase } from '../case.ts'
import { namesGettersGet } from '../limits.ts'
import { type Scene, under } from '../scene.ts'

const webIdl = under('Web IDL: interfaces')
const theInterface = under('HTML: The EventSource interface')

/** The API base URL of this global object. Node, Deno and Bun have none. */
function baseUrl(): string | undefined {
  return 'document' in globalThis ? document.baseURI : globalThis.location?.href
}

function descriptorOf(target: object, name: string): PropertyDescriptor {
  const descriptor = Object.getOwnPropertyDescriptor(target, name)
  assert.isDefined(descriptor, `own property ${name}`)
  return descriptor as PropertyDescriptor
}

/** Calls the constructor as a caller without types can. */
function construct(scene: Scene, ...given: unknown[]): EventSource {
  return scene.track(Reflect.construct(scene.context.EventSource, given))
}

/** Returns what a function throws, and fails if it throws nothing. */
function thrownBy(action: () => unknown): unknown {
  try {
    action()
  } catch (thrown) {
    return thrown
  }
  return assert.fail('nothing was thrown')
}

function assertSyntaxError(thrown: unknown): DOMException {
  assert.instanceOf(thrown, DOMException)
  const exception = thrown as DOMException
  assert.equal(exception.name, 'SyntaxError')
  return exception
}

const constants = [
  ['CONNECTING', 0],
  ['OPEN', 1],
  ['CLOSED', 2],
] as const
const readOnlyAttributes = ['url', 'withCredentials', 'readyState'] as const
const eventHandlers = ['onopen', 'onmessage', 'onerror'] as const

export const cases: ConformanceCase[] = [
  webIdl('The interface object is a function named EventSource whose length is 1', async ({ context }) => {
    assert.isFunction(context.EventSource)
    assert.equal(context.EventSource.name, 'EventSource')
    assert.equal(context.EventSource.length, 1)
  }),

  webIdl('Calling the constructor without new throws a TypeError', async ({ context }) => {
    const call = context.EventSource as unknown as (url: string) => unknown
    assert.throws(() => call(`${context.feed}/plain`), TypeError)
    const instance = Object.create(context.EventSource.prototype)
    assert.throws(() => call.call(instance, `${context.feed}/plain`), TypeError)
  }),

  webIdl('The constructor throws a TypeError without arguments', async (scene) => {
    assert.throws(() => construct(scene), TypeError)
  }),

  ...constants.map(([name, value]) =>
    webIdl(
      `The constant ${name} is ${value} and enumerable on the interface object and on its prototype`,
      async ({ context }) => {
        const expected = { value, writable: false, enumerable: true, configurable: false }
        assert.deepEqual(descriptorOf(context.EventSource, name), expected)
        assert.deepEqual(descriptorOf(context.EventSource.prototype, name), expected)
      },
    ),
  ),

  webIdl('An instance has no enumerable properties of its own', async (scene) => {
    const source = scene.open({}, `${scene.context.feed}/plain`)
    assert.deepEqual(Object.keys(source), [])
    for (const name of ['CONNECTING', 'url', 'readyState', 'onmessage', 'close']) {
      assert.isFalse(Object.hasOwn(source, name), `own property ${name}`)
      assert.isTrue(name in source, `${name} is inherited`)
    }
  }),

  ...readOnlyAttributes.map((name) =>
    webIdl(
      `The attribute ${name} is an enumerable accessor of the prototype without a setter`,
      async ({ context }) => {
        const descriptor = descriptorOf(context.EventSource.prototype, name)
        assert.isTrue(descriptor.enumerable)
        assert.isTrue(descriptor.configurable)
        assert.isUndefined(descriptor.set)
        assert.equal(descriptor.get?.name, `get ${name}`)
      },
      { limits: namesGettersGet },
    ),
  ),

  ...eventHandlers.map((name) =>
    webIdl(
      `The attribute ${name} is an enumerable accessor of the prototype with a setter`,
      async ({ context }) => {
        const descriptor = descriptorOf(context.EventSource.prototype, name)
        assert.isTrue(descriptor.enumerable)
        assert.isTrue(descriptor.configurable)
        assert.equal(descriptor.get?.name, `get ${name}`)
        assert.equal(descriptor.set?.name, `set ${name}`)
      },
      { limits: namesGettersGet },
    ),
  ),

  webIdl('close is an enumerable, writable method of the prototype whose length is 0', async ({ context }) => {
    const descriptor = descriptorOf(context.EventSource.prototype, 'close')
    assert.isTrue(descriptor.enumerable)
    assert.isTrue(descriptor.writable)
    assert.isTrue(descriptor.configurable)
    assert.equal(descriptor.value.name, 'close')
    assert.equal(descriptor.value.length, 0)
  }),

  webIdl('The attributes throw a TypeError when this is not an EventSource', async ({ context }) => {
    const { prototype } = context.EventSource
    for (const foreign of [prototype, {}, new EventTarget(), Object.create(prototype)]) {
      for (const name of [...readOnlyAttributes, ...eventHandlers]) {
        const { get, set } = descriptorOf(prototype, name)
        assert.throws(() => get?.call(foreign), TypeError)
        if (set !== undefined) assert.throws(() => set.call(foreign, null), TypeError)
      }
    }
  }),

  webIdl('close() throws a TypeError when this is not an EventSource', async ({ context }) => {
    const { prototype } = context.EventSource
    for (const foreign of [prototype, {}, new EventTarget(), Object.create(prototype)]) {
      assert.throws(() => prototype.close.call(foreign), TypeError)
    }
  }),

  webIdl('The class string is EventSource', async (scene) => {
    const { prototype } = scene.context.EventSource
    assert.deepEqual(Object.getOwnPropertyDescriptor(prototype, Symbol.toStringTag), {
      value: 'EventSource',
      writable: false,
      enumerable: false,
      configurable: true,
    })
    const source = scene.open({}, `${scene.context.feed}/plain`)
    assert.equal(Object.prototype.toString.call(source), '[object EventSource]')
  }),

  webIdl(
    'The prototype property is read-only, and the prototype links to the interface object',
    async ({ context }) => {
      const descriptor = descriptorOf(context.EventSource, 'prototype')
      assert.isFalse(descriptor.writable)
      assert.isFalse(descriptor.enumerable)
      assert.isFalse(descriptor.configurable)
      assert.deepEqual(descriptorOf(context.EventSource.prototype, 'constructor'), {
        value: context.EventSource,
        writable: true,
        enumerable: false,
        configurable: true,
      })
    },
  ),

  webIdl('EventSource inherits from EventTarget', async (scene) => {
    const { EventSource } = scene.context
    assert.equal(Object.getPrototypeOf(EventSource), EventTarget)
    assert.equal(Object.getPrototypeOf(EventSource.prototype), EventTarget.prototype)
    const source = scene.open({}, `${scene.context.feed}/plain`)
    assert.instanceOf(source, EventTarget)
    assert.instanceOf(source, EventSource)
  }),

  webIdl('A class can extend EventSource', async (scene) => {
    class Feed extends scene.context.EventSource {
      readonly name = 'mine'
    }
    await scene.plan([stream('data: a\n\n')])
    const source = scene.track(new Feed(scene.url()))
    assert.instanceOf(source, Feed)
    assert.equal(source.name, 'mine')
    assert.equal((await scene.observe(source).nextMessage()).data, 'a')
  }),

  webIdl('A function can wrap the constructor, as monitoring tools do', async (scene) => {
    const { EventSource } = scene.context
    const wrapper = function (this: unknown, ...given: unknown[]): unknown {
      return Reflect.construct(EventSource, given, new.target)
    }
    wrapper.prototype = EventSource.prototype
    await scene.plan([stream('data: a\n\n')])
    const source = scene.track(Reflect.construct(wrapper, [scene.url()]) as EventSource)
    assert.instanceOf(source, EventSource)
    assert.equal((await scene.observe(source).nextMessage()).data, 'a')
  }),

  webIdl('The read-only attributes cannot be assigned', async (scene) => {
    const source = scene.open({}, `${scene.context.feed}/plain`)
    const url = source.url
    for (const name of readOnlyAttributes) {
      assert.throws(() => Object.assign(source, { [name]: 2 }), TypeError)
    }
    assert.equal(source.url, url)
    assert.equal(source.readyState, 0)
  }),

  theInterface('readyState is CONNECTING after construction, and nothing is dispatched yet', async (scene) => {
    await scene.plan([stream('data: a\n\n')])
    const watch = scene.watch()
    assert.equal(watch.source.readyState, 0)
    await Promise.resolve()
    assert.deepEqual(watch.types, [])
    assert.equal(watch.source.readyState, 0)
  }),

  theInterface('The event handlers are null after construction', async (scene) => {
    const source = scene.open({}, `${scene.context.feed}/plain`)
    for (const name of eventHandlers) assert.isNull(source[name])
  }),

  theInterface('url is the serialization of the parsed URL', async (scene) => {
    const { feed } = scene.context
    const { protocol, host } = new URL(feed)
    const source = scene.open({}, `  ${protocol.toUpperCase()}//${host}/a/./b/../c d?q=é#f g\n`)
    assert.equal(source.url, `${feed}/a/c%20d?q=%C3%A9#f%20g`)
  }),

  theInterface('The fragment stays in url, but is not sent', async (scene) => {
    await scene.plan([stream('data: a\n\n')])
    const watch = scene.observe(scene.open({}, `${scene.url()}#part`))
    await watch.next('message')
    assert.equal(watch.source.url, `${scene.url()}#part`)
    const [request] = await scene.requests({ count: 1 })
    assert.equal(request?.url, `/feed?key=${scene.key}`)
  }),

  theInterface('The constructor converts a URL object to its string', async (scene) => {
    await scene.plan([stream('data: a\n\n')])
    const url = new URL(scene.url())
    const watch = scene.observe(scene.open({}, url))
    url.searchParams.set('key', 'another')
    assert.equal(watch.source.url, scene.url())
    await watch.next('message')
  }),

  theInterface('The constructor converts a url of any type to a string', async (scene) => {
    const address = `${scene.context.feed}/plain`
    const asString = { toString: () => address, valueOf: () => 1 }
    for (const given of [asString, [address], Object(address)]) {
      assert.equal(construct(scene, given).url, address)
    }
    for (const given of [null, undefined, 1, true, Number.NaN]) {
      const base = baseUrl()
      if (base === undefined) {
        const { message } = assertSyntaxError(thrownBy(() => construct(scene, given)))
        assert.include(message, String(given))
      } else {
        const source = construct(scene, given)
        source.close()
        assert.equal(source.url, new URL(String(given), base).href)
      }
    }
  }),

  theInterface('The constructor throws what a url throws when it is converted to a string', async (scene) => {
    const reason = new Error('no string')
    const given = {
      toString() {
        throw reason
      },
    }
    assert.equal(
      thrownBy(() => construct(scene, given)),
      reason,
    )
    assert.throws(() => construct(scene, Symbol('url')), TypeError)
  }),

  theInterface('A lone surrogate in the url becomes U+FFFD', async (scene) => {
    const { feed } = scene.context
    assert.equal(scene.open({}, `${feed}/plain?\uD800`).url, `${feed}/plain?%EF%BF%BD`)
  }),

  theInterface(
    'A relative url is resolved against the API base URL, and is a SyntaxError where there is none',
    async (scene) => {
      const base = baseUrl()
      for (const relative of ['plain?a', './plain', '../plain', '/plain', '?a=1', '']) {
        if (base === undefined) {
          const { message } = assertSyntaxError(thrownBy(() => construct(scene, relative)))
          assert.include(message, 'base URL')
        } else {
          const source = construct(scene, relative)
          source.close()
          assert.equal(source.url, new URL(relative, base).href)
        }
      }
    },
  ),

  ...['http://this is invalid/', 'http://', 'http://[::1', 'http://127.0.0.1:99999/', 'http://a%00b/'].map((url) =>
    theInterface(`The url ${JSON.stringify(url)} is a SyntaxError`, async (scene) => {
      const exception = assertSyntaxError(thrownBy(() => construct(scene, url)))
      assert.notEqual(exception.message, '')
    }),
  ),

  theInterface('withCredentials is false by default', async (scene) => {
    const url = `${scene.context.feed}/plain`
    for (const given of [
      [],
      [undefined],
      [null],
      [{}],
      [{ withCredentials: undefined }],
      [{ withCredentials: false }],
    ]) {
      assert.isFalse(construct(scene, url, ...given).withCredentials)
    }
  }),

  theInterface('withCredentials is converted to a boolean', async (scene) => {
    const url = `${scene.context.feed}/plain`
    for (const withCredentials of [true, 1, 'false', {}]) {
      assert.isTrue(construct(scene, url, { withCredentials }).withCredentials)
    }
    for (const withCredentials of [0, '', null]) {
      assert.isFalse(construct(scene, url, { withCredentials }).withCredentials)
    }
  }),

  webIdl('An init that is not an object throws a TypeError', async (scene) => {
    for (const init of [1, true, 'withCredentials', Symbol('init')]) {
      assert.throws(() => construct(scene, `${scene.context.feed}/plain`, init), TypeError)
    }
  }),

  webIdl('Unknown members of init are ignored', async (scene) => {
    const source = construct(scene, `${scene.context.feed}/plain`, { unheardOf: true })
    assert.equal(source.readyState, 0)
  }),
]
