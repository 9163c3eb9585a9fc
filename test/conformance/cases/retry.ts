import { assert } from 'chai'
import type { RetryContext, RetryPolicy } from '../../../src/index.ts'
import { endedStream, noAnswer, refusal, stream } from '../answers.ts'
import type { ConformanceCase } from '../case.ts'
import { aWhile, type Scene, under, valuesOf, type Watch } from '../scene.ts'

const policy = under('everysource: retry as a policy')
const functions = under('everysource: retry as a function or false')
const statuses = under('everysource: retry.statuses and Retry-After')
const unauthorized = under('everysource: 401')

/** Returns the delays of the next error events. */
async function delaysOf(watch: Watch, count: number): Promise<(number | undefined)[]> {
  const delays: (number | undefined)[] = []
  for (let index = 0; index < count; index++) delays.push((await watch.nextError()).delay)
  return delays
}

/** Opens a source whose attempts all fail, and returns its delays. */
async function delaysOfFailures(scene: Scene, count: number, retry: RetryPolicy) {
  await scene.plan([noAnswer])
  return delaysOf(scene.watch({ retry }), count)
}

/** Returns the first delay of four sources: random numbers that are very unlikely to be all the same. */
async function firstDelays(scene: Scene, retry: RetryPolicy): Promise<number[]> {
  const watches = Array.from({ length: 4 }, () => scene.watch({ retry }))
  const delays = await Promise.all(watches.map((watch) => delaysOf(watch, 1)))
  return delays.flat().map((delay) => delay ?? Number.NaN)
}

function assertFailed(watch: Watch): void {
  assert.equal(watch.source.readyState, 2)
}

export const cases: ConformanceCase[] = [
  policy('Without jitter, delays after failures grow by the factor up to maxDelay', async (scene) => {
    const delays = await delaysOfFailures(scene, 5, { initialDelay: 5, factor: 3, maxDelay: 100, jitter: 0 })
    assert.deepEqual(delays, [15, 45, 100, 100, 100])
  }),

  policy('The default factor is 2', async (scene) => {
    assert.deepEqual(await delaysOfFailures(scene, 3, { initialDelay: 5, jitter: 0 }), [10, 20, 40])
  }),

  policy('With full jitter, the delay after a failure is between 0 and the delay without jitter', async (scene) => {
    await scene.plan([noAnswer])
    const delays = await firstDelays(scene, { initialDelay: 5_000 })
    for (const delay of delays) assert.isTrue(delay >= 0 && delay <= 10_000, String(delay))
    assert.isAbove(new Set(delays).size, 1)
  }),

  policy('With full jitter, the delay does not exceed maxDelay', async (scene) => {
    await scene.plan([noAnswer])
    for (const delay of await firstDelays(scene, { initialDelay: 5_000, maxDelay: 5_000 })) {
      assert.isTrue(delay >= 0 && delay <= 5_000, String(delay))
    }
  }),

  policy('The delay after a stream that had worked is the reconnection time and up to a fifth more', async (scene) => {
    await scene.plan([endedStream('retry: 5000\ndata: a\n\n')])
    const delays = await firstDelays(scene, {})
    for (const delay of delays) assert.isTrue(delay >= 5_000 && delay <= 6_000, String(delay))
    assert.isAbove(new Set(delays).size, 1)
  }),

  policy('Without jitter, the delay after a stream that had worked is the reconnection time', async (scene) => {
    await scene.plan([endedStream('retry: 15\ndata: a\n\n')])
    assert.deepEqual(await delaysOf(scene.watch({ retry: { jitter: 0 } }), 3), [15, 15, 15])
  }),

  policy('initialDelay is the reconnection time until the server sets one', async (scene) => {
    await scene.plan([endedStream('data: a\n\n'), endedStream('retry: 20\ndata: b\n\n')])
    const delays = await delaysOf(scene.watch({ retry: { initialDelay: 30, jitter: 0 } }), 3)
    assert.deepEqual(delays, [30, 20, 20])
  }),

  policy('A number as retry is the reconnection time in ms until the server sets one', async (scene) => {
    await scene.plan([endedStream('data: a\n\n'), endedStream('retry: 20\ndata: b\n\n')])
    const [first = 0, second = 0] = await delaysOf(scene.watch({ retry: 50 }), 2)
    assert.isTrue(first >= 50 && first <= 60, String(first))
    assert.isTrue(second >= 20 && second <= 24, String(second))
  }),

  policy('The default reconnection time is 3 seconds', async (scene) => {
    await scene.plan([endedStream('data: a\n\n')])
    assert.deepEqual(await delaysOf(scene.watch({ retry: { jitter: 0 } }), 1), [3_000])
  }),

  policy('The delay is never shorter than the server asks for, despite jitter and maxDelay', async (scene) => {
    await scene.plan([endedStream('retry: 40\ndata: a\n\n'), noAnswer])
    const delays = await delaysOf(scene.watch({ retry: { maxDelay: 10 } }), 5)
    for (const delay of delays) assert.isAtLeast(delay ?? 0, 40)
  }),

  policy('A message resets the count of failures in a row', async (scene) => {
    await scene.plan([noAnswer, noAnswer, endedStream('data: a\n\n'), noAnswer, noAnswer])
    const delays = await delaysOf(scene.watch({ retry: { initialDelay: 5, jitter: 0 } }), 5)
    assert.deepEqual(delays, [10, 20, 5, 10, 20])
  }),

  policy('A stream that ends without a message is a failure, although the connection was open', async (scene) => {
    await scene.plan([endedStream(': hello\n\n')])
    const delays = await delaysOf(scene.watch({ retry: { initialDelay: 5, jitter: 0 } }), 3)
    assert.deepEqual(delays, [10, 20, 40])
  }),

  policy('A stream that was open for resetAfter had worked, even without a message', async (scene) => {
    const gates = ['first', 'second']
    await scene.plan([noAnswer, ...gates.map((gate) => endedStream(': hello\n\n', { gate }))])
    const watch = scene.watch({ retry: { initialDelay: 5, jitter: 0, resetAfter: 30 } })
    const delays = await delaysOf(watch, 1)
    for (const gate of gates) {
      await watch.next('open')
      // The client's own clock counts: the server cannot tell when the response was announced.
      await aWhile(60)
      await scene.openGate(gate)
      delays.push(...(await delaysOf(watch, 1)))
    }
    assert.deepEqual(delays, [10, 5, 5])
  }),

  policy('The source fails with the reason gave-up after maxAttempts failures in a row', async (scene) => {
    await scene.plan([noAnswer])
    const watch = scene.watch({ retry: { initialDelay: 5, jitter: 0, maxAttempts: 3 } })
    const reasons: string[] = []
    for (let count = 0; count < 3; count++) reasons.push((await watch.nextError()).reason)
    assert.deepEqual(reasons, ['network', 'network', 'gave-up'])
    assertFailed(watch)
    await aWhile(120)
    assert.lengthOf(await scene.requests(), 3)
    assert.lengthOf(watch.types, 3)
  }),

  policy('A message resets the count for maxAttempts', async (scene) => {
    await scene.plan([noAnswer, endedStream('retry: 5\ndata: a\n\n'), noAnswer, refusal(404)])
    const watch = scene.watch({ retry: { initialDelay: 5, maxAttempts: 2 } })
    const reasons: string[] = []
    for (let count = 0; count < 4; count++) reasons.push((await watch.nextError()).reason)
    assert.deepEqual(reasons, ['network', 'ended', 'network', 'status'])
  }),

  policy('maxAttempts: 1 gives up at the first failure, and the error is its cause', async (scene) => {
    const reason = new Error('out of reach')
    await scene.plan([stream()])
    const watch = scene.watch({ fetch: () => Promise.reject(reason), retry: { maxAttempts: 1 } })
    const error = await watch.nextError()
    assert.equal(error.reason, 'gave-up')
    assert.equal(error.error, reason)
    assertFailed(watch)
  }),

  functions('retry: false never reconnects', async (scene) => {
    await scene.plan([endedStream('retry: 10\ndata: a\n\n')])
    const watch = scene.watch({ retry: false })
    const error = await watch.nextError()
    assert.equal(error.reason, 'ended')
    assert.isFalse(error.willReconnect)
    assert.isUndefined(error.delay)
    assertFailed(watch)
    await aWhile(120)
    assert.lengthOf(await scene.requests(), 1)
  }),

  functions('A retry function is called after every interruption, and returns the delay', async (scene) => {
    const asked: RetryContext[] = []
    await scene.plan([
      endedStream('retry: 40\nid: 1\ndata: a\n\n'),
      noAnswer,
      refusal(503, 'busy', [['Retry-After', '0']]),
      stream('data: b\n\n'),
    ])
    const watch = scene.watch({
      retry: (context) => {
        asked.push(context)
        return asked.length
      },
    })
    assert.deepEqual(await delaysOf(watch, 3), [1, 2, 3])
    await watch.next('message')
    await watch.next('message')
    assert.deepEqual(
      asked.map(({ reason, status, attempt, failures, reconnectionTime }) => ({
        reason,
        status,
        attempt,
        failures,
        reconnectionTime,
      })),
      [
        { reason: 'ended', status: undefined, attempt: 1, failures: 0, reconnectionTime: 40 },
        { reason: 'network', status: undefined, attempt: 2, failures: 1, reconnectionTime: 40 },
        { reason: 'status', status: 503, attempt: 3, failures: 2, reconnectionTime: 40 },
      ],
    )
    assert.equal(asked[2]?.body, 'busy')
    assert.equal(asked[2]?.headers?.get('retry-after'), '0')
    assert.instanceOf(asked[1]?.error, Error)
    for (const { message } of asked) assert.isNotEmpty(message)
  }),

  functions('A retry function that returns false fails the connection with the original reason', async (scene) => {
    await scene.plan([endedStream('data: a\n\n')])
    const watch = scene.watch({ retry: () => false })
    const error = await watch.nextError()
    assert.equal(error.reason, 'ended')
    assert.isFalse(error.willReconnect)
    assertFailed(watch)
    await aWhile()
    assert.lengthOf(await scene.requests(), 1)
  }),

  functions('A retry function can return 0', async (scene) => {
    await scene.plan([endedStream('data: a\n\n'), stream('data: b\n\n')])
    const watch = scene.watch({ retry: () => 0 })
    assert.deepEqual(await delaysOf(watch, 1), [0])
    await watch.next('message')
    assert.equal((await watch.nextMessage()).data, 'b')
  }),

  functions('A response with status 204 stops the source without calling the retry function', async (scene) => {
    let asked = 0
    await scene.plan([{ status: 204, contentType: null, ending: 'end' }])
    const watch = scene.watch({
      retry: () => {
        asked++
        return 10
      },
    })
    assert.equal((await watch.nextError()).status, 204)
    assertFailed(watch)
    assert.equal(asked, 0)
  }),

  ...(
    [
      [
        'throws',
        () => {
          throw new Error('no idea')
        },
      ],
      ['returns NaN', () => Number.NaN],
      ['returns a negative number', () => -1],
      ['returns no number', () => undefined as unknown as number],
    ] as [string, () => number][]
  ).map(([what, retry]) =>
    functions(`A retry function that ${what} closes the source with one error`, async (scene) => {
      await scene.plan([endedStream('data: a\n\n')])
      const watch = scene.watch({ retry })
      const error = await watch.nextError()
      assert.isFalse(error.willReconnect)
      assert.equal(error.reason, 'callback')
      assert.instanceOf(error.error, Error)
      assertFailed(watch)
      await aWhile()
      assert.lengthOf(await scene.requests(), 1)
    }),
  ),

  functions('A delay from a retry function is limited to what a timer can hold', async (scene) => {
    await scene.plan([endedStream('data: a\n\n')])
    const watch = scene.watch({ retry: () => 1e20 })
    assert.deepEqual(await delaysOf(watch, 1), [2 ** 31 - 1])
    await aWhile()
    assert.lengthOf(await scene.requests(), 1)
  }),

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
    await aWhile()
    assert.lengthOf(await scene.requests(), 1)
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
    await aWhile()
    assert.lengthOf(await scene.requests(), 2)
  }),

  unauthorized('A 401 after a stream that was accepted is retried again', async (scene) => {
    await scene.plan([refusal(401), endedStream('retry: 10\ndata: a\n\n'), refusal(401), stream('data: b\n\n')])
    const watch = scene.watch({ headers: () => ({}) })
    await watch.next('message')
    assert.equal((await watch.nextMessage()).data, 'b')
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

  unauthorized('A 401 without a headers function fails the connection', async (scene) => {
    await scene.plan([refusal(401)])
    const watch = scene.watch({ headers: { Authorization: 'Bearer 1' } })
    const error = await watch.nextError()
    assert.equal(error.status, 401)
    assert.isFalse(error.willReconnect)
    assertFailed(watch)
    await aWhile()
    assert.lengthOf(await scene.requests(), 1)
  }),
]
