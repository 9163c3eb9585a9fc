import { assert } from 'chai'
import type { AttemptContext, EventSourceInit, RequestOverrides } from '../../../src/index.ts'
import { endedStream, noAnswer, refusal, silence, stream } from '../answers.ts'
import type { ConformanceCase } from '../case.ts'
import { pause, type Scene, under, valuesOf } from '../scene.ts'

const overrides = under('everysource: request')
const contextSignal = under('everysource: the signal of an attempt')

const soon = { initialDelay: 10, jitter: 0, factor: 1 }

/** Runs a source through one clean end with the ID 1, and returns its two requests. */
async function twoRequests(scene: Scene, init: EventSourceInit) {
  await scene.plan([endedStream('retry: 10\nid: 1\ndata: a\n\n'), stream('data: b\n\n')])
  const watch = scene.watch(init)
  await watch.next('message')
  await watch.next('message')
  const [first, second] = await scene.requests({ count: 2 })
  return { watch, first, second }
}

export const cases: ConformanceCase[] = [
  overrides('A request function can put a fresh token into the URL, and the url of the source stays', async (scene) => {
    const { watch, first, second } = await twoRequests(scene, {
      request: ({ attempt }) => ({ url: `${scene.url()}&token=${attempt}` }),
    })
    assert.equal(first?.url, `/feed?key=${scene.key}&token=1`)
    assert.equal(second?.url, `/feed?key=${scene.key}&token=2`)
    assert.equal(watch.source.url, scene.url())
  }),

  overrides('The URL that a request function returns is relative to the URL of the source', async (scene) => {
    await scene.plan([stream('data: a\n\n')])
    const source = scene.open({ request: () => ({ url: `resume?key=${scene.key}` }) }, scene.url('/all/events'))
    await scene.observe(source).next('message')
    assert.equal((await scene.requests())[0]?.url, `/feed/all/resume?key=${scene.key}`)
    assert.equal(source.url, scene.url('/all/events'))
  }),

  overrides('The URL that a request function returns can be a URL object', async (scene) => {
    await scene.plan([stream('data: a\n\n')])
    const source = scene.open({ request: () => ({ url: new URL(scene.url('/other')) }) })
    await scene.observe(source).next('message')
    assert.equal((await scene.requests())[0]?.url, `/feed/other?key=${scene.key}`)
  }),

  overrides('A request function can POST once, and resume by GET elsewhere', async (scene) => {
    const { first, second } = await twoRequests(scene, {
      method: 'POST',
      body: '{"question":1}',
      headers: { 'Content-Type': 'application/json' },
      request: ({ lastEventId }) => (lastEventId ? { method: 'GET', url: scene.url('/resume'), headers: {} } : {}),
    })
    assert.deepEqual([first?.method, first?.url, first?.body], ['POST', `/feed?key=${scene.key}`, '{"question":1}'])
    assert.deepEqual([second?.method, second?.url, second?.body], ['GET', `/feed/resume?key=${scene.key}`, ''])
    assert.deepEqual(valuesOf(first, 'Content-Type'), ['application/json'])
    assert.deepEqual(valuesOf(second, 'Content-Type'), [])
    assert.deepEqual(valuesOf(second, 'Last-Event-ID'), ['1'])
  }),

  overrides('A request function can replace the method and the body for one attempt', async (scene) => {
    const { first, second } = await twoRequests(scene, {
      request: ({ attempt }) => (attempt === 1 ? { method: 'post', body: 'first' } : null),
    })
    assert.deepEqual([first?.method, first?.body], ['POST', 'first'])
    assert.deepEqual([second?.method, second?.body], ['GET', ''])
  }),

  overrides('The headers that a request function returns replace the headers option', async (scene) => {
    const { first, second } = await twoRequests(scene, {
      headers: { 'X-One': 'option' },
      request: async ({ attempt }) => (attempt === 1 ? { headers: { 'X-Two': 'request' } } : undefined),
    })
    assert.deepEqual([valuesOf(first, 'X-One'), valuesOf(first, 'X-Two')], [[], ['request']])
    assert.deepEqual([valuesOf(second, 'X-One'), valuesOf(second, 'X-Two')], [['option'], []])
    for (const request of [first, second]) assert.deepEqual(valuesOf(request, 'Accept'), ['text/event-stream'])
  }),

  overrides('A request function receives the context of every attempt', async (scene) => {
    const told: AttemptContext[] = []
    await scene.plan([noAnswer, refusal(503, 'busy'), endedStream('id: 1\ndata: a\n\n'), stream('data: b\n\n')])
    const watch = scene.watch({
      request(context) {
        told.push(context)
        return {}
      },
      retry: { ...soon, statuses: [503] },
    })
    await watch.next('message')
    await watch.next('message')
    assert.deepEqual(
      told.map(({ attempt, failures, lastEventId, previous }) => [attempt, failures, lastEventId, previous?.reason]),
      [
        [1, 0, '', undefined],
        [2, 1, '', 'network'],
        [3, 2, '', 'status'],
        [4, 0, '1', undefined],
      ],
    )
    assert.equal(told[2]?.previous?.code, 503)
  }),

  overrides('A 401 is retried at once if a request function may make a fresh token', async (scene) => {
    await scene.plan([refusal(401), stream('data: a\n\n')])
    const watch = scene.watch({ request: ({ attempt }) => ({ headers: { Authorization: `Bearer ${attempt}` } }) })
    assert.equal((await watch.nextError()).delay, 0)
    await watch.next('message')
    const requests = await scene.requests({ count: 2 })
    assert.deepEqual(
      requests.map((request) => valuesOf(request, 'Authorization')),
      [['Bearer 1'], ['Bearer 2']],
    )
  }),

  ...(
    [
      ['a URL that cannot be parsed', { url: 'http://' }],
      ['a method that fetch does not send', { method: 'GET /' }],
      ['a body with GET', { body: 'secret' }],
      ['a body that is a plain object', { method: 'POST', body: { secret: 1 } as unknown as string }],
      ['a bad header', { headers: { 'X-Token': 'secret\nsecret' } }],
    ] as [string, RequestOverrides][]
  ).map(([what, returned]) =>
    overrides(`A request function that returns ${what} leads to an error that names it`, async (scene) => {
      await scene.plan([stream('data: a\n\n')])
      const watch = scene.watch({ request: ({ attempt }) => (attempt === 1 ? returned : {}), retry: soon })
      const error = await watch.nextError()
      assert.equal(error.reason, 'callback')
      assert.match(error.message, /^(request|body): /)
      assert.notInclude(error.message, 'secret')
      assert.isTrue(error.willReconnect)
      await watch.next('message')
    }),
  ),

  contextSignal('The signal of an attempt is not aborted while its stream is open', async (scene) => {
    const told: AttemptContext[] = []
    await scene.plan([stream('data: a\n\n')])
    const watch = scene.watch({
      headers(context) {
        told.push(context)
        return {}
      },
    })
    await watch.next('message')
    assert.isFalse(told[0]?.signal.aborted)
    watch.source.close()
    assert.isTrue(told[0]?.signal.aborted)
  }),

  contextSignal(
    'The signal of an attempt aborts when the stream ends, and the next attempt has another',
    async (scene) => {
      const signals: AbortSignal[] = []
      await scene.plan([endedStream('retry: 10\ndata: a\n\n'), stream('data: b\n\n')])
      const watch = scene.watch({
        request({ signal }) {
          signals.push(signal)
          return {}
        },
      })
      await watch.next('message')
      await watch.next('message')
      assert.deepEqual(
        signals.map(({ aborted }) => aborted),
        [true, false],
      )
    },
  ),

  contextSignal('close() while a headers function runs aborts the signal that it got', async (scene) => {
    await scene.plan([silence])
    let isAborted = false
    const watch = scene.watch({
      headers: ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            isAborted = true
            reject(signal.reason)
          })
          queueMicrotask(() => watch.source.close())
        }),
    })
    await pause()
    assert.isTrue(isAborted)
    assert.deepEqual(watch.types, [])
    assert.lengthOf(await scene.requests(), 0)
  }),

  contextSignal('The signal of an attempt aborts at openTimeout, even if it is read later', async (scene) => {
    await scene.plan([stream('data: a\n\n')])
    const told: AttemptContext[] = []
    const watch = scene.watch({
      openTimeout: 50,
      retry: false,
      body: (context) => {
        told.push(context)
        return new Promise(() => {})
      },
      method: 'POST',
    })
    assert.equal((await watch.nextError()).reason, 'timeout')
    assert.isTrue(told[0]?.signal.aborted)
  }),
]
