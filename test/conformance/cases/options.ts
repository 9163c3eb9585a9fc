import { assert } from 'chai'
import type { AttemptContext, EventSource, EventSourceInit, RequestInfo, ResponseInfo } from '../../../src/index.ts'
import { endedStream, noAnswer, redirect, refusal, silence, stream } from '../answers.ts'
import { type ConformanceCase, thrownOnPurpose } from '../case.ts'
import {
  encodesHeaderBytes,
  encodesHeaderValues,
  forbidsCookieHeader,
  hidesRedirects,
  keepsAuthorization,
  needsNoFetch,
  preflightsEverything,
  sendsNoStreams,
} from '../limits.ts'
import { aWhile, type Scene, under, utf8, valuesOf } from '../scene.ts'

const headersOption = under('everysource: headers')
const bodyOption = under('everysource: method and body')
const fetchOption = under('everysource: fetch')
const signalOption = under('everysource: signal')
const lastEventIdOption = under('everysource: lastEventId')
const queryParamOption = under('everysource: lastEventIdQueryParam')
const timeouts = under('everysource: openTimeout and idleTimeout')
const maxEventSize = under('everysource: maxEventSize')
const redirectOption = under('everysource: redirect')
const taps = under('everysource: onComment, onRequest, onResponse')

/** A retry policy that reconnects quickly, also after failures. */
const soon = { initialDelay: 10, jitter: 0, factor: 1 }

/** Runs a source through one clean end, and returns its two requests. */
async function twoRequests(scene: Scene, init: EventSourceInit) {
  await scene.plan([endedStream('retry: 10\nid: 1\ndata: a\n\n'), stream('data: b\n\n')])
  const watch = scene.watch(init)
  await watch.next('message')
  await watch.next('message')
  const [first, second] = await scene.requests({ count: 2 })
  if (first === undefined || second === undefined) return assert.fail('two requests')
  return [first, second] as const
}

/** Sends a request as the platform does, but ignores the signal. */
function fetchWithoutSignal(url: string): Promise<Response> {
  return fetch(url)
}

export const cases: ConformanceCase[] = [
  ...(
    [
      ['an object', { 'X-One': '1', 'X-Two': 'b' }],
      ['Headers', new Headers({ 'X-One': '1', 'X-Two': 'b' })],
      [
        'an array of pairs',
        [
          ['X-One', '1'],
          ['X-Two', 'b'],
        ],
      ],
      [
        'a Map',
        new Map([
          ['X-One', '1'],
          ['X-Two', 'b'],
        ]),
      ],
      ['a function', () => ({ 'X-One': '1', 'X-Two': 'b' })],
      ['an async function', async () => new Headers({ 'X-One': '1', 'X-Two': 'b' })],
    ] as [string, EventSourceInit['headers']][]
  ).map(([kind, headers]) =>
    headersOption(`headers given as ${kind} are sent with every request`, async (scene) => {
      for (const request of await twoRequests(scene, { headers })) {
        assert.deepEqual(valuesOf(request, 'X-One'), ['1'])
        assert.deepEqual(valuesOf(request, 'X-Two'), ['b'])
        assert.deepEqual(valuesOf(request, 'Accept'), ['text/event-stream'])
      }
    }),
  ),

  headersOption('The constructor copies headers, so that later changes of the object have no effect', async (scene) => {
    await scene.plan([stream('data: a\n\n')])
    const headers = new Headers({ 'X-One': 'before' })
    const watch = scene.watch({ headers })
    headers.set('X-One', 'after')
    await watch.next('message')
    assert.deepEqual(valuesOf((await scene.requests())[0], 'X-One'), ['before'])
  }),

  headersOption('An Accept header of the caller replaces the default', async (scene) => {
    const [request] = await twoRequests(scene, { headers: { accept: 'text/event-stream, application/x-feed' } })
    assert.deepEqual(valuesOf(request, 'Accept'), ['text/event-stream, application/x-feed'])
  }),

  headersOption('Two values of one header name are both sent', async (scene) => {
    const headers: [string, string][] = [
      ['X-One', '1'],
      ['x-one', '2'],
    ]
    const [request] = await twoRequests(scene, { headers })
    assert.equal(valuesOf(request, 'X-One').join(', '), '1, 2')
  }),

  headersOption(
    'A header value within Latin-1 is sent unchanged',
    async (scene) => {
      const [request] = await twoRequests(scene, { headers: { 'X-One': '\u00e9' } })
      assert.deepEqual(valuesOf(request, 'X-One'), ['\u00e9'])
    },
    { limits: encodesHeaderValues },
  ),

  headersOption('A Last-Event-ID header of the caller is replaced by the received id', async (scene) => {
    const [first, second] = await twoRequests(scene, { headers: { 'Last-Event-ID': '0' } })
    assert.deepEqual(valuesOf(first, 'Last-Event-ID'), ['0'])
    assert.deepEqual(valuesOf(second, 'Last-Event-ID'), ['1'])
  }),

  headersOption(
    'A Cookie header of the caller is sent',
    async (scene) => {
      const [request] = await twoRequests(scene, { headers: { Cookie: 'a=b' } })
      assert.deepEqual(valuesOf(request, 'Cookie'), ['a=b'])
    },
    { limits: forbidsCookieHeader },
  ),

  headersOption('A headers function receives the context of every attempt', async (scene) => {
    const told: AttemptContext[] = []
    await scene.plan([
      endedStream('retry: 10\nid: 1\ndata: a\n\n'),
      noAnswer,
      refusal(503, 'busy'),
      stream('data: b\n\n'),
    ])
    const watch = scene.watch({
      headers: (attempt) => {
        told.push(attempt)
        return { 'X-Attempt': String(attempt.attempt) }
      },
      retry: { ...soon, statuses: [503] },
    })
    await watch.next('message')
    await watch.next('message')
    assert.deepEqual(
      told.map(({ attempt, failures, lastEventId }) => [attempt, failures, lastEventId]),
      [
        [1, 0, ''],
        [2, 0, '1'],
        [3, 1, '1'],
        [4, 2, '1'],
      ],
    )
    assert.deepEqual(
      told.map(({ previous }) => previous?.code),
      [undefined, 'ended', 'network', 'status'],
    )
    const previous = told[3]?.previous
    assert.equal(previous?.status, 503)
    assert.equal(previous?.body, 'busy')
    assert.equal(previous?.attempt, 3)
    assert.deepEqual(
      (await scene.requests()).map((request) => valuesOf(request, 'X-Attempt')[0]),
      ['1', '2', '3', '4'],
    )
  }),

  headersOption('The request waits for an async headers function', async (scene) => {
    await scene.plan([stream('data: a\n\n')])
    const watch = scene.watch({
      headers: async () => {
        await aWhile(30)
        return { 'X-Token': 'late' }
      },
    })
    await watch.next('message')
    assert.deepEqual(valuesOf((await scene.requests())[0], 'X-Token'), ['late'])
  }),

  ...(
    [
      [
        'throws',
        () => {
          throw new Error('no token')
        },
      ],
      ['rejects', () => Promise.reject(new Error('no token'))],
      ['returns a bad name', () => ({ 'no token': '1' })],
      ['returns a bad value', () => ({ 'X-Token': 'no\ntoken' })],
      ['returns no headers', () => 'no token' as unknown as Headers],
    ] as [string, () => Headers][]
  ).map(([what, fail]) =>
    headersOption(
      `A headers function that ${what} leads to an error with the code callback, then a retry`,
      async (scene) => {
        await scene.plan([stream('data: a\n\n')])
        let calls = 0
        const watch = scene.watch({ headers: () => (calls++ === 0 ? fail() : {}), retry: soon })
        const error = await watch.nextError()
        assert.equal(error.code, 'callback')
        assert.isTrue(error.willReconnect)
        assert.instanceOf(error.error, Error)
        await watch.next('message')
        assert.equal(calls, 2)
        assert.lengthOf(await scene.requests(), 1)
      },
    ),
  ),

  headersOption('close() during a headers function prevents the request and dispatches no event', async (scene) => {
    await scene.plan([stream('data: a\n\n')])
    let finish = (): void => assert.fail('the headers function was not called')
    const watch = scene.watch({
      headers: () =>
        new Promise((resolve) => {
          finish = () => resolve({})
        }),
    })
    await aWhile(20)
    watch.source.close()
    finish()
    await aWhile()
    assert.deepEqual(watch.types, [])
    assert.lengthOf(await scene.requests(), 0)
  }),

  headersOption(
    'The Authorization header is not sent after a redirect to another origin',
    async (scene) => {
      const { otherOrigin } = scene.context
      await scene.plan([redirect(307, scene.url('/next', otherOrigin)), stream('data: a\n\n')])
      await scene.watch({ headers: { Authorization: 'Bearer secret' } }).next('message')
      const requests = await scene.requests({ count: 2 })
      assert.deepEqual(
        requests.map((request) => valuesOf(request, 'Authorization')),
        [['Bearer secret'], []],
      )
    },
    { limits: keepsAuthorization },
  ),

  headersOption(
    'A secret under any other header name is not sent after a redirect to another origin',
    async (scene) => {
      const { otherOrigin } = scene.context
      await scene.plan([redirect(307, scene.url('/next', otherOrigin)), stream('data: a\n\n')])
      await scene.watch({ headers: { 'X-Api-Key': 'secret' }, lastEventId: '7' }).next('message')
      const requests = await scene.requests({ count: 2 })
      assert.deepEqual(
        requests.map((request) => [valuesOf(request, 'X-Api-Key'), valuesOf(request, 'Last-Event-ID')]),
        [
          [['secret'], ['7']],
          [[], ['7']],
        ],
      )
    },
    { limits: hidesRedirects },
  ),

  headersOption('The headers are sent again after a redirect within the origin', async (scene) => {
    await scene.plan([redirect(307, scene.url('/next')), stream('data: a\n\n')])
    await scene.watch({ headers: { 'X-Api-Key': 'secret' } }).next('message')
    const requests = await scene.requests({ count: 2 })
    assert.deepEqual(
      requests.map((request) => valuesOf(request, 'X-Api-Key')),
      [['secret'], ['secret']],
    )
  }),

  ...(
    [
      ['a string', 'é', utf8('é')],
      ['bytes', Uint8Array.of(0, 255, 13, 10), '\u0000\u00ff\r\n'],
      ['URLSearchParams', new URLSearchParams({ a: '1 2' }), 'a=1+2'],
      ['a function', ({ attempt }: AttemptContext) => `attempt ${attempt > 0}`, 'attempt true'],
      ['an async function', async () => 'later', 'later'],
    ] as [string, EventSourceInit['body'], string][]
  ).map(([kind, body, sent]) =>
    bodyOption(`A body given as ${kind} is sent with every request`, async (scene) => {
      for (const request of await twoRequests(scene, { method: 'POST', body })) {
        assert.equal(request.method, 'POST')
        assert.equal(request.body, sent)
      }
    }),
  ),

  bodyOption('A Content-Type header of the caller describes the body', async (scene) => {
    const init = { method: 'POST', body: '{"a":1}', headers: { 'Content-Type': 'application/json' } }
    for (const request of await twoRequests(scene, init)) {
      assert.deepEqual(valuesOf(request, 'Content-Type'), ['application/json'])
    }
  }),

  ...['post', 'PUT', 'patch', 'QUERY', 'DELETE'].map((method) =>
    bodyOption(`The method ${method} is sent in upper case`, async (scene) => {
      for (const request of await twoRequests(scene, { method, body: 'a' })) {
        assert.equal(request.method, method.toUpperCase())
        assert.equal(request.body, 'a')
      }
    }),
  ),

  bodyOption('A method without a body is sent', async (scene) => {
    const [request] = await twoRequests(scene, { method: 'POST' })
    assert.equal(request.method, 'POST')
    assert.equal(request.body, '')
  }),

  bodyOption('A body function receives the context of every attempt, and can return null', async (scene) => {
    const told: AttemptContext[] = []
    const [first, second] = await twoRequests(scene, {
      method: 'POST',
      body: (attempt) => {
        told.push(attempt)
        return attempt.lastEventId === '' ? null : `after ${attempt.lastEventId}`
      },
    })
    assert.equal(first.body, '')
    assert.equal(second.body, 'after 1')
    assert.deepEqual(
      told.map(({ attempt, failures, lastEventId, previous }) => [attempt, failures, lastEventId, previous?.code]),
      [
        [1, 0, '', undefined],
        [2, 0, '1', 'ended'],
      ],
    )
  }),

  bodyOption('A body function that fails leads to an error with the code callback, then a retry', async (scene) => {
    await scene.plan([stream('data: a\n\n')])
    const reason = new Error('no body yet')
    let calls = 0
    const watch = scene.watch({
      method: 'POST',
      body: () => (calls++ === 0 ? Promise.reject(reason) : 'now'),
      retry: soon,
    })
    const error = await watch.nextError()
    assert.equal(error.code, 'callback')
    assert.equal(error.error, reason)
    await watch.next('message')
    assert.equal((await scene.requests())[0]?.body, 'now')
  }),

  bodyOption(
    'A stream is sent as the body',
    async (scene) => {
      await scene.plan([stream('data: a\n\n')])
      await scene.watch({ method: 'POST', body: new Blob(['in ', 'pieces']).stream() }).next('message')
      assert.equal((await scene.requests())[0]?.body, 'in pieces')
    },
    { limits: sendsNoStreams },
  ),

  bodyOption('A stream as the body is not sent twice: the source fails with the code body-used', async (scene) => {
    await scene.plan([endedStream('retry: 10\ndata: a\n\n')])
    const body = new Blob(['once']).stream()
    const watch = scene.watch({ method: 'POST', body, fetch: fetchWithoutSignal })
    const error = await watch.nextError()
    assert.equal(error.code, 'body-used')
    assert.isFalse(error.willReconnect)
    assert.equal(watch.source.readyState, 2)
    await aWhile()
    assert.deepEqual(watch.types, ['open', 'message', 'error'])
    assert.lengthOf(await scene.requests(), 1)
  }),

  bodyOption('A source whose body function makes a new stream for every attempt reconnects', async (scene) => {
    await scene.plan([endedStream('retry: 10\ndata: a\n\n'), stream('data: b\n\n')])
    const body = (): ReadableStream => new Blob(['again']).stream()
    const watch = scene.watch({ method: 'POST', body, fetch: fetchWithoutSignal })
    await watch.next('message')
    assert.equal((await watch.nextMessage()).data, 'b')
  }),

  bodyOption('A body function that returns the same stream again fails with the code body-used', async (scene) => {
    await scene.plan([endedStream('retry: 10\ndata: a\n\n')])
    const body = new Blob(['once']).stream()
    const watch = scene.watch({ method: 'POST', body: () => body, fetch: fetchWithoutSignal })
    assert.equal((await watch.nextError()).code, 'ended')
    assert.equal((await watch.nextError()).code, 'body-used')
    assert.equal(watch.source.readyState, 2)
    assert.lengthOf(await scene.requests(), 1)
  }),

  fetchOption('A given fetch function is called for every request', async (scene) => {
    const calls: [string, RequestInit][] = []
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
  }),

  fetchOption('A response constructed by a given fetch function is read', async (scene) => {
    const body = new Blob(['id: 1\ndata: a\n\n']).stream()
    const response = new Response(body, { headers: { 'Content-Type': 'text/event-stream' } })
    const watch = scene.observe(scene.open({ fetch: async () => response }, `${scene.context.feed}/plain`))
    const event = await watch.nextMessage()
    assert.equal(event.data, 'a')
    assert.equal(event.lastEventId, '1')
    assert.equal(event.origin, scene.context.feed)
  }),

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
    fetchOption(`A given fetch function that ${what} causes a network error`, async (scene) => {
      await scene.plan([stream('data: a\n\n')])
      let calls = 0
      const watch = scene.watch({ fetch: (url, init) => (calls++ === 0 ? fail() : fetch(url, init)), retry: soon })
      const error = await watch.nextError()
      assert.equal(error.code, 'network')
      assert.include(error.message, 'no network')
      assert.isTrue(error.willReconnect)
      await watch.next('message')
    }),
  ),

  fetchOption(
    'A response without a readable body fails with the code unsupported and says what to pass',
    async (scene) => {
      const headers = new Headers({ 'Content-Type': 'text/event-stream' })
      const response = { status: 200, headers, url: '', type: 'basic', body: undefined } as unknown as Response
      const watch = scene.observe(
        scene.open({ fetch: async () => response, retry: soon }, `${scene.context.feed}/plain`),
      )
      const error = await watch.nextError()
      assert.equal(error.code, 'unsupported')
      assert.match(error.message, /bod(y|ies)/)
      assert.match(error.message, /fetch/)
      assert.isFalse(error.willReconnect)
      assert.equal(watch.source.readyState, 2)
      await aWhile()
      assert.lengthOf(
        watch.types.filter((type) => type === 'error'),
        1,
      )
    },
  ),

  fetchOption(
    'A runtime without fetch fails with the code unsupported and says what to pass',
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
      assert.equal(error.code, 'unsupported')
      assert.match(error.message, /fetch/)
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
      await aWhile()
      assert.deepEqual(watch.types, ['open', 'message'])
      assert.equal(watch.source.readyState, 2)
    },
    {
      limits: ({ runtime }) =>
        runtime === 'happy-dom'
          ? 'happy-dom throws an uncaught exception when a canceled body receives more'
          : undefined,
    },
  ),

  fetchOption('A response that a given fetch function returns after close() is canceled', async (scene) => {
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
    await aWhile()
    assert.deepEqual(watch.types, [])
  }),

  signalOption('A signal that is already aborted closes the source without a request or an event', async (scene) => {
    await scene.plan([stream('data: a\n\n')])
    const watch = scene.watch({ signal: AbortSignal.abort() })
    assert.equal(watch.source.readyState, 2)
    await aWhile()
    assert.deepEqual(watch.types, [])
    assert.lengthOf(await scene.requests(), 0)
  }),

  signalOption('Aborting the signal closes an open stream, and dispatches nothing', async (scene) => {
    await scene.plan([stream('data: a\n\n', { gate: 'more' }, 'data: b\n\n')])
    const controller = new AbortController()
    const watch = scene.watch({ signal: controller.signal })
    await watch.next('message')
    controller.abort(new Error('enough'))
    assert.equal(watch.source.readyState, 2)
    assert.isTrue((await scene.requests({ over: 1 }))[0]?.cutByClient)
    await aWhile()
    assert.deepEqual(watch.types, ['open', 'message'])
    assert.lengthOf(await scene.requests(), 1)
  }),

  signalOption('Aborting the signal before the response closes the source without an event', async (scene) => {
    await scene.plan([silence])
    const controller = new AbortController()
    const watch = scene.watch({ signal: controller.signal })
    await scene.requests({ count: 1 })
    controller.abort()
    assert.equal(watch.source.readyState, 2)
    assert.isTrue((await scene.requests({ over: 1 }))[0]?.cutByClient)
    await aWhile()
    assert.deepEqual(watch.types, [])
  }),

  signalOption('Aborting the signal in a listener discards the rest of the chunk', async (scene) => {
    await scene.plan([stream('data: a\n\ndata: b\n\n')])
    const controller = new AbortController()
    const source = scene.open({ signal: controller.signal })
    source.onmessage = () => controller.abort()
    const watch = scene.observe(source)
    await watch.next('message')
    await aWhile()
    assert.deepEqual(watch.messages, [['message', 'a', '']])
  }),

  signalOption('Aborting the signal during the reconnection time prevents the reconnection', async (scene) => {
    await scene.plan([endedStream('retry: 500\ndata: a\n\n')])
    const controller = new AbortController()
    const watch = scene.watch({ signal: controller.signal })
    await watch.next('error')
    controller.abort()
    assert.equal(watch.source.readyState, 2)
    await aWhile(800)
    assert.lengthOf(await scene.requests(), 1)
  }),

  signalOption('close() does not abort the signal, and aborting it later changes nothing', async (scene) => {
    await scene.plan([stream('data: a\n\n')])
    const controller = new AbortController()
    const watch = scene.watch({ signal: controller.signal })
    await watch.next('message')
    watch.source.close()
    assert.isFalse(controller.signal.aborted)
    controller.abort()
    await aWhile()
    assert.deepEqual(watch.types, ['open', 'message'])
  }),

  lastEventIdOption(
    'lastEventId is sent with the first request, and is the attribute until the stream sets one',
    async (scene) => {
      await scene.plan([endedStream('retry: 10\ndata: a\n\nid: 8\ndata: b\n\n'), stream('data: c\n\n')])
      const watch = scene.watch({ lastEventId: '7' })
      assert.equal(watch.source.lastEventId, '7')
      for (let count = 0; count < 3; count++) await watch.next('message')
      assert.deepEqual(watch.messages, [
        ['message', 'a', '7'],
        ['message', 'b', '8'],
        ['message', 'c', '8'],
      ])
      const requests = await scene.requests({ count: 2 })
      assert.deepEqual(
        requests.map((request) => valuesOf(request, 'Last-Event-ID')),
        [['7'], ['8']],
      )
    },
  ),

  lastEventIdOption(
    'A lastEventId beyond Latin-1 is sent as UTF-8',
    async (scene) => {
      await scene.plan([stream('data: a\n\n')])
      await scene.watch({ lastEventId: '名前 é' }).next('message')
      assert.deepEqual(valuesOf((await scene.requests())[0], 'Last-Event-ID'), [utf8('名前 é')])
    },
    { limits: encodesHeaderBytes },
  ),

  lastEventIdOption('An empty lastEventId sends no header', async (scene) => {
    await scene.plan([stream('data: a\n\n')])
    await scene.watch({ lastEventId: '' }).next('message')
    assert.deepEqual(valuesOf((await scene.requests())[0], 'Last-Event-ID'), [])
  }),

  queryParamOption('lastEventIdQueryParam sends the last event ID in the query and not as a header', async (scene) => {
    await scene.plan([endedStream('retry: 10\nid: a&b=ç 名\ndata: a\n\n'), stream('data: b\n\n')])
    const watch = scene.watch({ lastEventIdQueryParam: 'after' })
    await watch.next('message')
    await watch.next('message')
    const requests = await scene.requests({ count: 2 })
    assert.deepEqual(
      requests.map((request) => new URL(request.url, request.origin).searchParams.getAll('after')),
      [[], ['a&b=ç 名']],
    )
    for (const request of requests) assert.deepEqual(valuesOf(request, 'Last-Event-ID'), [])
    assert.equal(watch.source.url, scene.url())
  }),

  queryParamOption(
    'lastEventIdQueryParam leaves the rest of the query unchanged, without the fragment',
    async (scene) => {
      await scene.plan([stream('data: a\n\n')])
      const source = scene.open(
        { lastEventId: '7', lastEventIdQueryParam: 'after' },
        `${scene.url('?q=a+b%20c&empty=&%2C')}#part`,
      )
      await scene.observe(source).next('message')
      assert.equal((await scene.requests())[0]?.url, `/feed?q=a+b%20c&empty=&%2C&key=${scene.key}&after=7`)
    },
  ),

  queryParamOption('lastEventIdQueryParam replaces a parameter of the same name', async (scene) => {
    await scene.plan([endedStream('retry: 10\nid: 8\ndata: a\n\n'), stream('data: b\n\n')])
    const source = scene.open({ lastEventIdQueryParam: 'after' }, scene.url('?after=7'))
    const watch = scene.observe(source)
    await watch.next('message')
    await watch.next('message')
    const requests = await scene.requests({ count: 2 })
    assert.deepEqual(
      requests.map((request) => new URL(request.url, request.origin).searchParams.getAll('after')),
      [['7'], ['8']],
    )
  }),

  queryParamOption(
    'lastEventIdQueryParam avoids the preflight when reconnecting to another origin',
    async (scene) => {
      await scene.plan([endedStream('retry: 10\nid: 1\ndata: a\n\n'), stream('data: b\n\n')])
      const source = scene.open({ lastEventIdQueryParam: 'after' }, scene.url('', scene.context.otherOrigin))
      const watch = scene.observe(source)
      await watch.next('message')
      await watch.next('message')
      assert.deepEqual(await scene.preflights(), [])
    },
    { limits: preflightsEverything },
  ),

  timeouts('openTimeout aborts a request without a response and retries', async (scene) => {
    await scene.plan([silence, stream('data: a\n\n')])
    const watch = scene.watch({ openTimeout: 2_000, retry: soon })
    const error = await watch.nextError()
    assert.equal(error.code, 'timeout')
    assert.isTrue(error.willReconnect)
    await watch.next('message')
    const requests = await scene.requests({ count: 2, over: 1 })
    assert.isTrue(requests[0]?.cutByClient)
    assert.isTrue(requests.at(-1)?.open)
  }),

  timeouts('openTimeout does not apply to an open stream that is silent', async (scene) => {
    await scene.plan([stream(': hello\n', { gate: 'go' }, 'data: a\n\n')])
    const watch = scene.watch({ openTimeout: 2_000, retry: soon })
    await watch.next('open')
    // On a busy machine there may have been earlier attempts that timed out.
    const before = watch.types.indexOf('open')
    await aWhile(2_500)
    await scene.openGate('go')
    await watch.next('message')
    assert.deepEqual(watch.types.slice(before), ['open', 'message'])
  }),

  timeouts('openTimeout includes redirects', async (scene) => {
    await scene.plan([redirect(302, scene.url('/next')), silence])
    const error = await scene.watch({ openTimeout: 150 }).nextError()
    assert.equal(error.code, 'timeout')
  }),

  timeouts('idleTimeout abandons a silent stream and reconnects with the last event ID', async (scene) => {
    await scene.plan([stream('id: 1\ndata: a\n\n'), stream('data: b\n\n')])
    const watch = scene.watch({ idleTimeout: 2_000, retry: soon })
    await watch.next('message')
    const error = await watch.nextError()
    assert.equal(error.code, 'idle')
    assert.isTrue(error.willReconnect)
    await watch.next('message')
    const requests = await scene.requests({ count: 2, over: 1 })
    assert.isTrue(requests[0]?.cutByClient)
    assert.deepEqual(valuesOf(requests[1], 'Last-Event-ID'), ['1'])
  }),

  timeouts('idleTimeout treats comments and the bytes of an unfinished line as activity', async (scene) => {
    const alive = Array.from({ length: 6 }, (_, index) => [{ pause: 900 }, index % 2 === 0 ? ':\n' : 'x']).flat()
    await scene.plan([stream(...alive, '\ndata: a\n\n')])
    const watch = scene.watch({ idleTimeout: 4_500 })
    await watch.next('message')
    assert.deepEqual(watch.types, ['open', 'message'])
  }),

  timeouts('idleTimeout does not apply before the response', async (scene) => {
    await scene.plan([{ headAfter: 'go', body: ['data: a\n\n'] }])
    const watch = scene.watch({ idleTimeout: 100, retry: soon })
    await aWhile(250)
    assert.deepEqual(watch.types, [])
    await scene.openGate('go')
    await watch.next('message')
    assert.equal(watch.types[0], 'open')
  }),

  maxEventSize('An event larger than maxEventSize closes the source with the code too-large', async (scene) => {
    await scene.plan([stream('data: a\n\n', 'data: ', { text: 'x', times: 2_000 }, '\n\n', 'data: b\n\n')])
    const watch = scene.watch({ maxEventSize: 1_000, retry: soon })
    const error = await watch.nextError()
    assert.equal(error.code, 'too-large')
    assert.isFalse(error.willReconnect)
    assert.equal(watch.source.readyState, 2)
    await scene.requests({ over: 1 })
    await aWhile()
    assert.deepEqual(watch.messages, [['message', 'a', '']])
    assert.lengthOf(await scene.requests(), 1)
  }),

  maxEventSize('A line without an end is limited by maxEventSize, too', async (scene) => {
    await scene.plan([stream({ text: 'data: '.padEnd(1_000, 'x'), times: 1_000 })])
    assert.equal((await scene.watch({ maxEventSize: 10_000 }).nextError()).code, 'too-large')
  }),

  maxEventSize('maxEventSize limits the sum of the lines of one event', async (scene) => {
    await scene.plan([stream(...Array.from({ length: 50 }, () => `data: ${'x'.repeat(100)}\n`), '\n')])
    assert.equal((await scene.watch({ maxEventSize: 1_000 }).nextError()).code, 'too-large')
  }),

  maxEventSize('maxEventSize does not limit the number of events', async (scene) => {
    await scene.plan([endedStream({ text: `data: ${'x'.repeat(90)}\n\n`, times: 500 })])
    const watch = scene.watch({ maxEventSize: 200 })
    assert.equal((await watch.nextError()).code, 'ended')
    assert.lengthOf(watch.messages, 500)
  }),

  redirectOption("redirect: 'error' fails the connection at the first redirect", async (scene) => {
    await scene.plan([redirect(302, scene.url('/next')), stream('data: a\n\n')])
    const watch = scene.watch({ redirect: 'error', retry: soon })
    const error = await watch.nextError()
    assert.equal(error.code, 'redirect')
    assert.isFalse(error.willReconnect)
    assert.equal(watch.source.readyState, 2)
    await aWhile()
    assert.lengthOf(await scene.requests(), 1)
  }),

  redirectOption("redirect: 'error' does not affect other responses", async (scene) => {
    await scene.plan([stream('data: a\n\n')])
    await scene.watch({ redirect: 'error' }).next('message')
  }),

  redirectOption('A redirect without a Location fails with the code redirect', async (scene) => {
    await scene.plan([refusal(302)])
    const error = await scene.watch().nextError()
    assert.equal(error.code, 'redirect')
    assert.equal(error.status, 302)
    assert.isFalse(error.willReconnect)
  }),

  ...(
    [
      ['that never ends', '/feed'],
      ['to an invalid URL', 'http://a b/'],
      ['to a scheme that is not HTTP', 'ftp://127.0.0.1/'],
    ] as const
  ).map(([what, location]) =>
    redirectOption(
      `A redirect ${what} closes the source with the code redirect`,
      async (scene) => {
        await scene.plan([redirect(302, location === '/feed' ? scene.url() : location)])
        const watch = scene.watch({ retry: soon })
        const error = await watch.nextError()
        assert.equal(error.code, 'redirect')
        assert.isFalse(error.willReconnect)
        assert.equal(watch.source.readyState, 2)
        assert.isAtMost((await scene.requests()).length, 21)
      },
      { limits: hidesRedirects },
    ),
  ),

  redirectOption('A POST becomes a GET without a body after a 302, and remains a POST after a 307', async (scene) => {
    await scene.plan([redirect(307, scene.url('/same')), redirect(302, scene.url('/other')), stream('data: a\n\n')])
    await scene.watch({ method: 'POST', body: 'question' }).next('message')
    const requests = await scene.requests({ count: 3 })
    assert.deepEqual(
      requests.map(({ method, body }) => [method, body]),
      [
        ['POST', 'question'],
        ['POST', 'question'],
        ['GET', ''],
      ],
    )
  }),

  taps('onComment is called with the text of every comment', async (scene) => {
    const comments: string[] = []
    await scene.plan([endedStream(':\n: one\n:two\n\n:  three: x\ndata: a\n: four\n\n')])
    const watch = scene.watch({ onComment: (comment) => comments.push(comment) })
    await watch.nextError()
    assert.deepEqual(comments, ['', 'one', 'two', ' three: x', 'four'])
  }),

  taps('onRequest is called before every request with what will be sent', async (scene) => {
    const seen: RequestInfo[] = []
    const [first, second] = await twoRequests(scene, {
      headers: { 'X-One': '1' },
      lastEventIdQueryParam: 'after',
      onRequest: (request) => seen.push(request),
    })
    assert.deepEqual(
      seen.map(({ url, method, attempt }) => [url, method, attempt]),
      [
        [scene.context.feed + first.url, 'GET', 1],
        [scene.context.feed + second.url, 'GET', 2],
      ],
    )
    assert.equal(seen[0]?.headers.get('x-one'), '1')
    assert.equal(seen[0]?.headers.get('accept'), 'text/event-stream')
  }),

  taps('onResponse is called with every response, including refused ones', async (scene) => {
    const seen: ResponseInfo[] = []
    await scene.plan([
      redirect(302, scene.url('/next')),
      { ...endedStream('retry: 10\ndata: a\n\n'), headers: [['X-One', '1']] },
      noAnswer,
      refusal(404),
    ])
    const watch = scene.watch({ onResponse: (response) => seen.push(response), retry: soon })
    while ((await watch.nextError()).willReconnect);
    assert.deepEqual(
      seen.map(({ url, status, attempt }) => [url, status, attempt]),
      [
        [scene.url('/next'), 200, 1],
        [scene.url(), 404, 3],
      ],
    )
    assert.equal(seen[0]?.headers.get('x-one'), '1')
  }),

  taps('An onComment, onRequest or onResponse that throws changes nothing', async (scene) => {
    await scene.plan([stream(': hello\ndata: a\n\n')])
    const fail = (): never => {
      throw new Error(thrownOnPurpose)
    }
    const watch = scene.watch({ onComment: fail, onRequest: fail, onResponse: fail })
    await watch.next('message')
    assert.deepEqual(watch.types, ['open', 'message'])
  }),

  ...(['onRequest', 'onResponse', 'onComment'] as const).map((tap) =>
    taps(`close() in ${tap} prevents any further event`, async (scene) => {
      await scene.plan([stream(': hello\ndata: a\n\n')])
      let called = (): void => undefined
      const call = new Promise<void>((resolve) => {
        called = resolve
      })
      const source = scene.open({
        [tap]: () => {
          source.close()
          called()
        },
      })
      const watch = scene.observe(source)
      await call
      await aWhile()
      assert.equal(source.readyState, 2)
      assert.notInclude(watch.types, 'message')
      assert.notInclude(watch.types, 'error')
      if (tap === 'onRequest') assert.lengthOf(await scene.requests(), 0)
    }),
  ),
]
