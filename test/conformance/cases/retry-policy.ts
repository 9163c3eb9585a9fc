import { assert } from 'chai'
import type { RetryPolicy } from '../../../src/index.ts'
import { endedStream, noAnswer, refusal, stream } from '../answers.ts'
import type { ConformanceCase } from '../case.ts'
import { assertFailed, delaysOf } from '../delays.ts'
import { pause, type Scene, under } from '../scene.ts'

const policy = under('everysource: retry as a policy')

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

export const cases: ConformanceCase[] = [
  policy('A number as retry is the reconnection time in ms until the server sets one', async (scene) => {
    await scene.plan([endedStream('data: a\n\n'), endedStream('retry: 20\ndata: b\n\n')])
    const [first = 0, second = 0] = await delaysOf(scene.watch({ retry: 50 }), 2)
    assert.isTrue(first >= 50 && first <= 60, String(first))
    assert.isTrue(second >= 20 && second <= 24, String(second))
  }),

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
      await pause(60)
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
    await pause(120)
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
]
