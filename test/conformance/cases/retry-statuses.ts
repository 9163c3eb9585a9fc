import { assert } from 'chai'
import { endedStream, noAnswer, refusal, stream } from '../answers.ts'
import type { ConformanceCase } from '../case.ts'
import { assertFailed, delaysOf } from '../delays.ts'
import { pause, under, valuesOf } from '../scene.ts'

const statuses = under('everysource: retry.statuses and Retry-After')
const unauthorized = under('everysource: 401')

export const cases: ConformanceCase[] = [
  statuses('A status in the list is retried with the same id, and any other status fails', async (scene) => {
    await scene.plan([endedStream('retry: 10\nid: 1\ndata: a\n\n'), refusal(503), refusal(429), refusal(500)])
    const watch = scene.watch({ retry: { statuses: [429, 503] } })
    const seen: unknown[] = []
    for (let count = 0; count < 4; count++) {
      const { reason, status, willReconnect } = await watch.nextError()
      seen.push([reason, status, willReconnect])
    }
    assert.deepEqual(seen, [
      ['ended', undefined, true],
      ['status', 503, true],
      ['status', 429, true],
      ['status', 500, false],
    ])
    assertFailed(watch)
    assert.deepEqual(
      (await scene.requests()).map((request) => valuesOf(request, 'Last-Event-ID')),
      [[], ['1'], ['1'], ['1']],
    )
  }),

  statuses('readyState is CONNECTING in the error event of a status that is retried', async (scene) => {
    await scene.plan([refusal(503), stream('data: a\n\n')])
    const watch = scene.watch({ retry: { statuses: [503], initialDelay: 10 } })
    assert.equal((await watch.next('error')).readyState, 0)
    await watch.next('message')
  }),

  statuses('statuses can be a function of the status', async (scene) => {
    await scene.plan([refusal(599), refusal(404)])
    const watch = scene.watch({ retry: { statuses: (status) => status >= 500, initialDelay: 10 } })
    assert.isTrue((await watch.nextError()).willReconnect)
    assert.isFalse((await watch.nextError()).willReconnect)
    assertFailed(watch)
  }),

  statuses('A response with status 204 stops the source even if the list contains 204', async (scene) => {
    await scene.plan([{ status: 204, contentType: null, ending: 'end' }])
    const watch = scene.watch({ retry: { statuses: [204], initialDelay: 10 } })
    assert.isFalse((await watch.nextError()).willReconnect)
    assertFailed(watch)
  }),

  statuses('A wrong MIME type is not retried, whatever the list contains', async (scene) => {
    await scene.plan([{ contentType: 'text/html', body: ['<p>'], ending: 'end' }])
    const watch = scene.watch({ retry: { statuses: () => true, initialDelay: 10 } })
    assert.equal((await watch.nextError()).reason, 'content-type')
    assertFailed(watch)
  }),

  statuses('Statuses that are retried count toward maxAttempts', async (scene) => {
    await scene.plan([refusal(503, 'busy')])
    const watch = scene.watch({ retry: { statuses: [503], initialDelay: 5, maxAttempts: 2 } })
    await watch.nextError()
    const last = await watch.nextError()
    assert.equal(last.reason, 'gave-up')
    assert.match(last.message, /^2 failures in a row: HTTP 503 /)
    assert.instanceOf(last.error, Error)
    assert.match((last.error as Error).message, /^HTTP 503 /)
    assert.isUndefined(last.status)
    assert.isUndefined(last.body)
  }),

  statuses('A 503 with Retry-After: 1 is retried after at least a second, with the same id', async (scene) => {
    await scene.plan([
      endedStream('retry: 10\nid: 7\ndata: a\n\n'),
      refusal(503, '', [['Retry-After', '1']]),
      stream('data: b\n\n'),
    ])
    const watch = scene.watch({ retry: { statuses: [503], jitter: 0 } })
    assert.deepEqual(await delaysOf(watch, 2), [10, 1_000])
    await watch.next('message')
    await watch.next('message')
    const requests = await scene.requests({ count: 3 })
    // The timer may fire slightly early by the server's clock.
    assert.isAtLeast((requests[2]?.time ?? 0) - (requests[1]?.time ?? 0), 995)
    assert.deepEqual(valuesOf(requests[2], 'Last-Event-ID'), ['7'])
  }),

  statuses('Retry-After can be a date', async (scene) => {
    const date = new Date(Date.now() + 90_000).toUTCString()
    await scene.plan([refusal(503, '', [['Retry-After', date]])])
    const [delay = 0] = await delaysOf(scene.watch({ retry: { statuses: [503], initialDelay: 10 } }), 1)
    assert.isTrue(delay > 60_000 && delay <= 90_000, String(delay))
  }),

  ...['0', '-5', 'soon', '', 'Sun, 22 Nov 2020 00:00:00 GMT'].map((value) =>
    statuses(`A Retry-After of ${JSON.stringify(value)} does not change the delay`, async (scene) => {
      await scene.plan([refusal(503, '', [['Retry-After', value]])])
      const retry = { statuses: [503], initialDelay: 10, jitter: 0 }
      assert.deepEqual(await delaysOf(scene.watch({ retry }), 1), [20])
    }),
  ),

  statuses('A Retry-After beyond what a timer can hold is limited to that', async (scene) => {
    await scene.plan([refusal(503, '', [['Retry-After', '99999999999']])])
    const watch = scene.watch({ retry: { statuses: [503], initialDelay: 10 } })
    assert.deepEqual(await delaysOf(watch, 1), [2 ** 31 - 1])
    await pause()
    assert.lengthOf(await scene.requests(), 1)
  }),

  unauthorized('A 401 after reconnect() is retried once if the stream had opened since the last one', async (scene) => {
    await scene.plan([refusal(401), stream('data: a\n\n'), refusal(401), stream('data: b\n\n')])
    const watch = scene.watch({ headers: () => ({}) })
    await watch.next('message')
    watch.source.reconnect()
    assert.equal((await watch.nextMessage()).data, 'b')
    assert.lengthOf(await scene.requests({ count: 4 }), 4)
  }),

  unauthorized('A second 401 fails the connection, whatever failed between, if nothing has opened', async (scene) => {
    await scene.plan([refusal(401), noAnswer, refusal(401, 'revoked'), stream('data: a\n\n')])
    const watch = scene.watch({ headers: () => ({}), retry: { initialDelay: 10, jitter: 0 } })
    assert.isTrue((await watch.nextError()).willReconnect)
    assert.equal((await watch.nextError()).reason, 'network')
    const error = await watch.nextError()
    assert.equal(error.body, 'revoked')
    assert.isFalse(error.willReconnect)
    assertFailed(watch)
  }),

  unauthorized(
    'A 401 with a headers function is retried at once, with fresh headers and the same id',
    async (scene) => {
      await scene.plan([endedStream('retry: 10\nid: 7\ndata: a\n\n'), refusal(401, 'expired'), stream('data: b\n\n')])
      let calls = 0
      const watch = scene.watch({ headers: () => ({ Authorization: `Bearer ${++calls}` }) })
      await watch.nextError()
      const error = await watch.nextError()
      assert.equal(error.reason, 'status')
      assert.equal(error.status, 401)
      assert.isTrue(error.willReconnect)
      assert.equal(error.delay, 0)
      await watch.next('message')
      assert.equal((await watch.nextMessage()).data, 'b')
      const requests = await scene.requests({ count: 3 })
      assert.deepEqual(
        requests.map((request) => [valuesOf(request, 'Authorization')[0], valuesOf(request, 'Last-Event-ID')[0]]),
        [
          ['Bearer 1', undefined],
          ['Bearer 2', '7'],
          ['Bearer 3', '7'],
        ],
      )
    },
  ),

  unauthorized('A second 401 in a row fails the connection, and its body can be read', async (scene) => {
    await scene.plan([refusal(401, 'expired'), refusal(401, 'revoked'), stream('data: a\n\n')])
    const watch = scene.watch({ headers: () => ({ Authorization: 'Bearer 1' }) })
    assert.isTrue((await watch.nextError()).willReconnect)
    const error = await watch.nextError()
    assert.equal(error.reason, 'status')
    assert.equal(error.status, 401)
    assert.equal(error.body, 'revoked')
    assert.isFalse(error.willReconnect)
    assertFailed(watch)
    await pause()
    assert.lengthOf(await scene.requests(), 2)
  }),

  unauthorized('A 401 after a stream that was accepted is retried again', async (scene) => {
    await scene.plan([refusal(401), endedStream('retry: 10\ndata: a\n\n'), refusal(401), stream('data: b\n\n')])
    const watch = scene.watch({ headers: () => ({}) })
    await watch.next('message')
    assert.equal((await watch.nextMessage()).data, 'b')
  }),

  unauthorized('A 401 without a headers function fails the connection', async (scene) => {
    await scene.plan([refusal(401)])
    const watch = scene.watch({ headers: { Authorization: 'Bearer 1' } })
    const error = await watch.nextError()
    assert.equal(error.status, 401)
    assert.isFalse(error.willReconnect)
    assertFailed(watch)
    await pause()
    assert.lengthOf(await scene.requests(), 1)
  }),
]
