import { assert } from 'chai'
import { redirect, silence, stream } from '../answers.ts'
import type { ConformanceCase } from '../case.ts'
import { soon } from '../delays.ts'
import { pause, under, valuesOf } from '../scene.ts'

const timeouts = under('everysource: openTimeout and idleTimeout')

export const cases: ConformanceCase[] = [
  timeouts('openTimeout aborts a request without a response and retries', async (scene) => {
    await scene.plan([silence, stream('data: a\n\n')])
    const watch = scene.watch({ openTimeout: 2_000, retry: soon })
    const error = await watch.nextError()
    assert.equal(error.reason, 'timeout')
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
    await pause(2_500)
    await scene.openGate('go')
    await watch.next('message')
    assert.deepEqual(watch.types.slice(before), ['open', 'message'])
  }),

  timeouts('openTimeout includes redirects', async (scene) => {
    await scene.plan([redirect(302, scene.url('/next')), silence])
    const error = await scene.watch({ openTimeout: 150 }).nextError()
    assert.equal(error.reason, 'timeout')
  }),

  timeouts('idleTimeout abandons a silent stream and reconnects with the last event ID', async (scene) => {
    await scene.plan([stream('id: 1\ndata: a\n\n'), stream('data: b\n\n')])
    const watch = scene.watch({ idleTimeout: 2_000, retry: soon })
    await watch.next('message')
    const error = await watch.nextError()
    assert.equal(error.reason, 'idle')
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
    await pause(250)
    assert.deepEqual(watch.types, [])
    await scene.openGate('go')
    await watch.next('message')
    assert.equal(watch.types[0], 'open')
  }),
]
