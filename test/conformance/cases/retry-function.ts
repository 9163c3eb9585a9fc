import { assert } from 'chai'
import type { RetryContext } from '../../../src/index.ts'
import { endedStream, noAnswer, refusal, stream } from '../answers.ts'
import type { ConformanceCase } from '../case.ts'
import { assertFailed, delaysOf } from '../delays.ts'
import { pause, under } from '../scene.ts'

const functions = under('everysource: retry as a function or false')

export const cases: ConformanceCase[] = [
  functions('retry: false never reconnects', async (scene) => {
    await scene.plan([endedStream('retry: 10\ndata: a\n\n')])
    const watch = scene.watch({ retry: false })
    const error = await watch.nextError()
    assert.equal(error.reason, 'ended')
    assert.isFalse(error.willReconnect)
    assert.isUndefined(error.delay)
    assertFailed(watch)
    await pause(120)
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
    await pause()
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
      await pause()
      assert.lengthOf(await scene.requests(), 1)
    }),
  ),

  functions('A delay from a retry function is limited to what a timer can hold', async (scene) => {
    await scene.plan([endedStream('data: a\n\n')])
    const watch = scene.watch({ retry: () => 1e20 })
    assert.deepEqual(await delaysOf(watch, 1), [2 ** 31 - 1])
    await pause()
    assert.lengthOf(await scene.requests(), 1)
  }),
]
