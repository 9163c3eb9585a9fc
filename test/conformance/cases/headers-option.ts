import { assert } from 'chai'
import type { AttemptContext, EventSourceInit } from '../../../src/index.ts'
import { endedStream, noAnswer, redirect, refusal, stream } from '../answers.ts'
import type { ConformanceCase } from '../case.ts'
import { soon } from '../delays.ts'
import { encodesHeaderValues, forbidsCookieHeader, keepsAuthorization, passesSecretsOn } from '../limits.ts'
import { pause, under, valuesOf } from '../scene.ts'
import { twoRequests } from '../two-requests.ts'

const headersOption = under('everysource: headers')

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

  headersOption('Headers that an accessor of a class returns are sent with every request', async (scene) => {
    class Options {
      readonly #token = 'Bearer 1'
      get headers(): Record<string, string> {
        return { Authorization: this.#token }
      }
    }
    for (const request of await twoRequests(scene, new Options())) {
      assert.deepEqual(valuesOf(request, 'Authorization'), ['Bearer 1'])
    }
  }),

  headersOption('Headers that the options inherit are sent with every request', async (scene) => {
    for (const request of await twoRequests(scene, Object.create({ headers: { 'X-One': '1' } }))) {
      assert.deepEqual(valuesOf(request, 'X-One'), ['1'])
    }
  }),

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
      told.map(({ previous }) => previous?.reason),
      [undefined, undefined, 'network', 'status'],
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
        await pause(30)
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
      `A headers function that ${what} leads to an error with the reason callback, then a retry`,
      async (scene) => {
        await scene.plan([stream('data: a\n\n')])
        let calls = 0
        const watch = scene.watch({ headers: () => (calls++ === 0 ? fail() : {}), retry: soon })
        const error = await watch.nextError()
        assert.equal(error.reason, 'callback')
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
    await pause(20)
    watch.source.close()
    finish()
    await pause()
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
    { limits: passesSecretsOn },
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
]
