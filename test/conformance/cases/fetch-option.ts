import { assert } from 'chai'
import type { EventSource } from '../../../src/index.ts'
import { stream } from '../answers.ts'
import type { ConformanceCase } from '../case.ts'
import { soon } from '../delays.ts'
import { fetchWithoutSignal } from '../fetch-without-signal.ts'
import { fetchDoesNotStream, hasNoStreams, needsNoFetch } from '../limits.ts'
import { pause, under, valuesOf } from '../scene.ts'
import { twoRequests } from '../two-requests.ts'

const fetchOption = under('everysource: fetch')

export const cases: ConformanceCase[] = [
  fetchOption(
    'A given fetch function is called for every request',
    async (scene) => {
      const calls: [string | URL, RequestInit][] = []
      const [first] = await twoRequests(scene, {
        headers: { 'X-One': '1' },
        fetch: (url, init) => {
          calls.push([url, init])
          return fetch(url, init)
        },
      })
      assert.deepEqual(valuesOf(first, 'X-One'), ['1'])
      assert.deepEqual(
        calls.map(([url, { method }]) => [url, method]),
        [
          [scene.url(), 'GET'],
          [scene.url(), 'GET'],
        ],
      )
      assert.equal(new Headers(calls[0]?.[1].headers).get('accept'), 'text/event-stream')
      assert.isFalse(calls[1]?.[1].signal?.aborted)
    },
    { limits: fetchDoesNotStream },
  ),

  fetchOption(
    'A response constructed by a given fetch function is read',
    async (scene) => {
      const body = new Blob(['id: 1\ndata: a\n\n']).stream()
      const response = new Response(body, { headers: { 'Content-Type': 'text/event-stream' } })
      const watch = scene.observe(scene.open({ fetch: async () => response }, `${scene.context.feed}/plain`))
      const event = await watch.nextMessage()
      assert.equal(event.data, 'a')
      assert.equal(event.lastEventId, '1')
      assert.equal(event.origin, scene.context.feed)
    },
    { limits: hasNoStreams },
  ),

  ...(
    [
      ['rejects', () => Promise.reject(new Error('no network'))],
      [
        'throws',
        () => {
          throw new Error('no network')
        },
      ],
    ] as const
  ).map(([what, fail]) =>
    fetchOption(
      `A given fetch function that ${what} causes a network error`,
      async (scene) => {
        await scene.plan([stream('data: a\n\n')])
        let calls = 0
        const watch = scene.watch({ fetch: (url, init) => (calls++ === 0 ? fail() : fetch(url, init)), retry: soon })
        const error = await watch.nextError()
        assert.equal(error.reason, 'network')
        assert.include(error.message, 'no network')
        assert.isTrue(error.willReconnect)
        await watch.next('message')
      },
      { limits: fetchDoesNotStream },
    ),
  ),

  fetchOption(
    'A response without a readable body fails with the reason unsupported and says what the fetch function has to return',
    async (scene) => {
      const headers = new Headers({ 'Content-Type': 'text/event-stream' })
      const response = { status: 200, headers, url: '', type: 'basic', body: undefined } as unknown as Response
      const watch = scene.observe(
        scene.open({ fetch: async () => response, retry: soon }, `${scene.context.feed}/plain`),
      )
      const error = await watch.nextError()
      assert.equal(error.reason, 'unsupported')
      assert.equal(error.message, 'the body from "fetch" is not a ReadableStream')
      assert.isFalse(error.willReconnect)
      assert.equal(watch.source.readyState, 2)
      await pause()
      assert.lengthOf(
        watch.types.filter((type) => type === 'error'),
        1,
      )
    },
  ),

  fetchOption(
    'A runtime without fetch fails with the reason unsupported and says what to pass',
    async (scene) => {
      const { fetch } = globalThis
      const watch = scene.observe(
        scene.open(
          {
            // This runs right before the request, so that no other code meets a global object without fetch.
            onRequest: () => {
              Reflect.set(globalThis, 'fetch', undefined)
              queueMicrotask(() => Reflect.set(globalThis, 'fetch', fetch))
            },
          },
          `${scene.context.feed}/plain`,
        ),
      )
      const error = await watch.nextError()
      assert.equal(error.reason, 'unsupported')
      assert.equal(error.message, 'this runtime has no fetch: pass "fetch"')
      assert.isFalse(error.willReconnect)
      assert.equal(watch.source.readyState, 2)
    },
    { limits: needsNoFetch },
  ),

  fetchOption(
    'A closed source dispatches nothing, even if a given fetch function continues',
    async (scene) => {
      await scene.plan([stream('data: a\n\n', { gate: 'more' }, 'data: b\n\n')])
      const watch = scene.watch({ fetch: fetchWithoutSignal })
      await watch.next('message')
      watch.source.close()
      await scene.openGate('more')
      await pause()
      assert.deepEqual(watch.types, ['open', 'message'])
      assert.equal(watch.source.readyState, 2)
    },
    {
      limits: (context) =>
        fetchDoesNotStream(context) ??
        (context.runtime === 'happy-dom'
          ? 'happy-dom throws an uncaught exception when a canceled body receives more'
          : undefined),
    },
  ),

  fetchOption(
    'A response that a given fetch function returns after close() is canceled',
    async (scene) => {
      let release = (): void => undefined
      const released = new Promise<void>((resolve) => {
        release = resolve
      })
      const body = new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode('data: a\n\n')),
        cancel: () => release(),
      })
      const response = new Response(body, { headers: { 'Content-Type': 'text/event-stream' } })
      const source: EventSource = scene.open(
        {
          fetch: async () => {
            source.close()
            return response
          },
        },
        `${scene.context.feed}/plain`,
      )
      const watch = scene.observe(source)
      await released
      await pause()
      assert.deepEqual(watch.types, [])
    },
    { limits: hasNoStreams },
  ),
]
