import { assert } from 'chai'
import { endedStream, stream } from '../answers.ts'
import type { ConformanceCase } from '../case.ts'
import { encodesHeaderBytes, preflightsEverything } from '../limits.ts'
import { under, utf8, valuesOf } from '../scene.ts'

const lastEventIdOption = under('everysource: lastEventId')
const queryParamOption = under('everysource: lastEventIdQueryParam')

export const cases: ConformanceCase[] = [
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
]
