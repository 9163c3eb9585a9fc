import { assert } from 'chai'
import { endedStream, noAnswer, stream } from '../answers.ts'
import type { ConformanceCase } from '../case.ts'
import { encodesHeaderBytes } from '../limits.ts'
import { pause, under, utf8, valuesOf } from '../scene.ts'

/*
 * Bugs that were found in other implementations and that no case about the standard covers. There are cases for close()
 * before the response, the id of an incomplete event and futile schemes elsewhere.
 */
const peers = under('everysource: what goes wrong in others')

export const cases: ConformanceCase[] = [
  peers('A reconnection time of 99999999999 ms makes one request in 1.5 seconds', async (scene) => {
    await scene.plan([endedStream('retry: 99999999999\ndata: a\n\n')])
    const watch = scene.watch()
    const { delay } = await watch.nextError()
    assert.equal(delay, 2 ** 31 - 1)
    await pause(1_500)
    assert.lengthOf(await scene.requests(), 1)
    assert.deepEqual(watch.types, ['open', 'message', 'error'])
  }),

  ...['4294967296', '2147483648', '9'.repeat(400)].map((retry) =>
    peers(`A retry of ${retry.length > 20 ? `${retry.length} digits` : retry} does not become 0`, async (scene) => {
      await scene.plan([endedStream(`retry: ${retry}\ndata: a\n\n`)])
      const watch = scene.watch()
      await watch.nextError()
      await pause(150)
      assert.lengthOf(await scene.requests(), 1)
    }),
  ),

  peers('A reconnection time of 100 ms makes at most 10 requests in 6 seconds without messages', async (scene) => {
    await scene.plan([endedStream('retry: 100\n\n')])
    const watch = scene.watch()
    await watch.nextError()
    await pause(6_000)
    assert.isAtMost((await scene.requests()).length, 10)
    await scene.requests({ count: 3 })
  }),

  peers('A reconnection time of 0 does not flood a server that sends no messages', async (scene) => {
    await scene.plan([endedStream('retry: 0\n\n')])
    await scene.watch().nextError()
    await pause(1_000)
    assert.isAtMost((await scene.requests()).length, 40)
  }),

  peers('A source with initialDelay: 0 does not flood a server that does not answer', async (scene) => {
    await scene.plan([noAnswer])
    await scene.watch({ retry: { initialDelay: 0 } }).nextError()
    await pause(1_000)
    assert.isAtMost((await scene.requests()).length, 40)
  }),

  peers(
    'An id beyond Latin-1 is sent and does not cause a loop',
    async (scene) => {
      await scene.plan([endedStream('retry: 10\nid: 名\ndata: a\n\n'), stream('data: b\n\n')])
      const watch = scene.watch()
      await watch.next('message')
      await watch.next('message')
      await pause()
      const requests = await scene.requests()
      assert.lengthOf(requests, 2)
      assert.deepEqual(valuesOf(requests[1], 'Last-Event-ID'), [utf8('名')])
      assert.deepEqual(watch.types, ['open', 'message', 'error', 'open', 'message'])
    },
    { limits: encodesHeaderBytes },
  ),

  ...(
    [
      ['that is only spaces', '  '],
      ['of a thousand characters', 'x'.repeat(1_000)],
    ] as const
  ).map(([what, id]) =>
    peers(`An id ${what} neither causes a loop nor stops the stream`, async (scene) => {
      await scene.plan([endedStream(`retry: 10\nid: ${id}\ndata: a\n\n`), stream('data: b\n\n')])
      const watch = scene.watch()
      assert.equal((await watch.nextMessage()).lastEventId, id)
      assert.equal((await watch.nextMessage()).data, 'b')
      assert.deepEqual(watch.types, ['open', 'message', 'error', 'open', 'message'])
      assert.lengthOf(await scene.requests(), 2)
    }),
  ),

  peers(
    'A stream that is cut in the middle of an event resumes before that event, and no event is lost',
    async (scene) => {
      await scene.plan([endedStream('retry: 10\nid: 1\ndata: a\n\nid: 2\ndata: b\n'), stream('id: 2\ndata: b\n\n')])
      const watch = scene.watch()
      await watch.next('message')
      await watch.next('message')
      assert.deepEqual(watch.messages, [
        ['message', 'a', '1'],
        ['message', 'b', '2'],
      ])
      assert.deepEqual(valuesOf((await scene.requests())[1], 'Last-Event-ID'), ['1'])
    },
  ),

  peers(
    'A POST is sent again after its response ends, as in the standard, unless the policy forbids it',
    async (scene) => {
      const finite = endedStream('retry: 10\ndata: a\n\n')
      await scene.plan([finite, stream('data: b\n\n'), finite])
      const again = scene.watch({ method: 'POST', body: 'question' })
      await again.next('message')
      await again.next('message')
      again.source.close()
      const once = scene.watch({ method: 'POST', body: 'question', retry: false })
      assert.isFalse((await once.nextError()).willReconnect)
      await pause()
      assert.lengthOf(await scene.requests(), 3)
    },
  ),

  peers('The server has no open request left after many sources were opened and closed', async (scene) => {
    await scene.plan([stream('data: a\n\n')])
    for (let count = 0; count < 20; count++) {
      const watch = scene.watch()
      await watch.next('message')
      watch.source.close()
    }
    const requests = await scene.requests({ count: 20, over: 20 })
    assert.isTrue(requests.every((request) => request.cutByClient))
  }),
]
