import { assert } from 'chai'
import { endedStream, redirect, refusal, stream } from '../answers.ts'
import type { ConformanceCase } from '../case.ts'
import { decodesLocationAsLatin1 } from '../limits.ts'
import { pause, under, utf8, valuesOf } from '../scene.ts'

const processing = under('HTML: Processing model')
const interpreting = under('HTML: Interpreting an event stream')
const fetching = under('Fetch: HTTP-redirect fetch')

const statuses = [301, 302, 303, 307, 308]

export const cases: ConformanceCase[] = [
  ...statuses.map((status) =>
    fetching(`A redirect with status ${status} is followed`, async (scene) => {
      await scene.plan([redirect(status, scene.url('/next')), stream('data: a\n\n')])
      const watch = scene.watch()
      assert.equal((await watch.nextMessage()).data, 'a')
      assert.deepEqual(watch.types, ['open', 'message'])
      assert.equal(watch.source.url, scene.url())
      const requests = await scene.requests({ count: 2 })
      for (const request of requests) {
        assert.equal(request.method, 'GET')
        assert.deepEqual(valuesOf(request, 'Accept'), ['text/event-stream'])
      }
    }),
  ),

  ...statuses.map((status) =>
    interpreting(`The origin of the messages is that of the URL that a ${status} redirects to`, async (scene) => {
      const { otherOrigin } = scene.context
      await scene.plan([redirect(status, scene.url('/next', otherOrigin)), stream('data: a\n\n')])
      const watch = scene.watch()
      assert.equal((await watch.nextMessage()).origin, otherOrigin)
      assert.equal(watch.source.url, scene.url())
    }),
  ),

  interpreting('The origin of the messages is the first origin after a redirect to another and back', async (scene) => {
    const { feed, otherOrigin } = scene.context
    await scene.plan(
      [redirect(302, scene.url('/there', otherOrigin)), redirect(302, scene.url('/back')), stream('data: a\n\n')],
      { crossOrigin: 'anonymous' },
    )
    assert.equal((await scene.watch().nextMessage()).origin, feed)
  }),

  fetching('A chain of redirects is followed', async (scene) => {
    const hops = Array.from({ length: 8 }, (_, index) => redirect(302, scene.url(`/hop${index}`)))
    await scene.plan([...hops, stream('data: a\n\n')])
    const watch = scene.watch()
    await watch.next('message')
    assert.lengthOf(await scene.requests({ count: 9 }), 9)
    assert.deepEqual(watch.types, ['open', 'message'])
  }),

  fetching('The Location of a redirect can be relative', async (scene) => {
    await scene.plan([redirect(302, `next?key=${scene.key}`), stream('data: a\n\n')])
    const source = scene.open({}, scene.url('/a/b'))
    await scene.observe(source).next('message')
    const requests = await scene.requests({ count: 2 })
    assert.equal(requests[1]?.url, `/feed/a/next?key=${scene.key}`)
  }),

  fetching(
    'The bytes of a Location beyond ASCII are decoded as UTF-8',
    async (scene) => {
      await scene.plan([redirect(302, utf8(`/feed/é名?key=${scene.key}`)), stream('data: a\n\n')])
      await scene.watch().next('message')
      const requests = await scene.requests({ count: 2 })
      assert.equal(requests[1]?.url, `/feed/%C3%A9%E5%90%8D?key=${scene.key}`)
    },
    { limits: decodesLocationAsLatin1 },
  ),

  processing('Last-Event-ID is sent again after a redirect', async (scene) => {
    await scene.plan([
      endedStream('retry: 10\nid: 7\ndata: a\n\n'),
      redirect(307, scene.url('/next')),
      stream('data: b\n\n'),
    ])
    const watch = scene.watch()
    await watch.next('message')
    await watch.next('message')
    const requests = await scene.requests({ count: 3 })
    assert.deepEqual(
      requests.map((request) => valuesOf(request, 'Last-Event-ID')),
      [[], ['7'], ['7']],
    )
  }),

  processing('A redirect to a response that is refused fails the connection', async (scene) => {
    await scene.plan([redirect(302, scene.url('/gone')), refusal(410)])
    const watch = scene.watch()
    assert.equal((await watch.next('error')).readyState, 2)
    await pause()
    assert.deepEqual(watch.types, ['error'])
    assert.lengthOf(await scene.requests(), 2)
  }),

  processing('A redirect to an HTML page fails the connection', async (scene) => {
    await scene.plan([redirect(302, `${scene.context.feed}/plain`)])
    const watch = scene.watch()
    assert.equal((await watch.next('error')).readyState, 2)
  }),

  processing('A redirect without a Location fails the connection', async (scene) => {
    await scene.plan([refusal(302)])
    const watch = scene.watch()
    assert.equal((await watch.next('error')).readyState, 2)
    await pause()
    assert.lengthOf(await scene.requests(), 1)
  }),
]
