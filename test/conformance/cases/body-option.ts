import { assert } from 'chai'
import type { AttemptContext, EventSourceInit } from '../../../src/index.ts'
import { endedStream, stream } from '../answers.ts'
import type { ConformanceCase } from '../case.ts'
import { soon } from '../delays.ts'
import { fetchWithoutSignal } from '../fetch-without-signal.ts'
import { hasNoStreams, sendsNoStreams } from '../limits.ts'
import { pause, under, utf8, valuesOf } from '../scene.ts'
import { twoRequests } from '../two-requests.ts'

const bodyOption = under('everysource: method and body')

export const cases: ConformanceCase[] = [
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
      told.map(({ attempt, failures, lastEventId, previous }) => [attempt, failures, lastEventId, previous?.reason]),
      [
        [1, 0, '', undefined],
        [2, 0, '1', undefined],
      ],
    )
  }),

  bodyOption('A body function that fails leads to an error with the reason callback, then a retry', async (scene) => {
    await scene.plan([stream('data: a\n\n')])
    const reason = new Error('no body yet')
    let calls = 0
    const watch = scene.watch({
      method: 'POST',
      body: () => (calls++ === 0 ? Promise.reject(reason) : 'now'),
      retry: soon,
    })
    const error = await watch.nextError()
    assert.equal(error.reason, 'callback')
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

  bodyOption(
    'A stream as the body is not sent twice: the source fails with the reason body-used',
    async (scene) => {
      await scene.plan([endedStream('retry: 10\ndata: a\n\n')])
      const body = new Blob(['once']).stream()
      const watch = scene.watch({ method: 'POST', body, fetch: fetchWithoutSignal })
      const error = await watch.nextError()
      assert.equal(error.reason, 'body-used')
      assert.isFalse(error.willReconnect)
      assert.equal(watch.source.readyState, 2)
      await pause()
      assert.deepEqual(watch.types, ['open', 'message', 'error'])
      assert.lengthOf(await scene.requests(), 1)
    },
    { limits: hasNoStreams },
  ),

  bodyOption(
    'A source whose body function makes a new stream for every attempt reconnects',
    async (scene) => {
      await scene.plan([endedStream('retry: 10\ndata: a\n\n'), stream('data: b\n\n')])
      const body = (): ReadableStream => new Blob(['again']).stream()
      const watch = scene.watch({ method: 'POST', body, fetch: fetchWithoutSignal })
      await watch.next('message')
      assert.equal((await watch.nextMessage()).data, 'b')
    },
    { limits: hasNoStreams },
  ),

  bodyOption(
    'A body function that returns the same stream again fails with the reason body-used',
    async (scene) => {
      await scene.plan([endedStream('retry: 10\ndata: a\n\n')])
      const body = new Blob(['once']).stream()
      const watch = scene.watch({ method: 'POST', body: () => body, fetch: fetchWithoutSignal })
      assert.equal((await watch.nextError()).reason, 'ended')
      assert.equal((await watch.nextError()).reason, 'body-used')
      assert.equal(watch.source.readyState, 2)
      assert.lengthOf(await scene.requests(), 1)
    },
    { limits: hasNoStreams },
  ),
]
