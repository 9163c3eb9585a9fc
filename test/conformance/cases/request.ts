import { assert } from 'chai'
import type { SeenRequest } from '../../../fixtures/feed-server/plan.ts'
import { endedStream, stream } from '../answers.ts'
import type { ConformanceCase } from '../case.ts'
import {
  cachesResponses,
  hasNoCacheModes,
  onlyInBrowsers,
  preflightsEverything,
  sendsNoCacheControl,
} from '../limits.ts'
import { pause, type Scene, under, valuesOf } from '../scene.ts'

const theInterface = under('HTML: The EventSource interface')
const processing = under('HTML: Processing model')
const crossOrigin = under('Fetch: CORS protocol')
const credentials = under('Fetch: credentials')
const urlCredentials = under('everysource: credentials in the URL')

async function firstRequest(scene: Scene): Promise<SeenRequest> {
  const [request] = await scene.requests({ count: 1 })
  if (request === undefined) return assert.fail('no request')
  return request
}

/** Opens a source on the other origin and waits for its first message. */
async function openAcross(scene: Scene, init = {}): Promise<MessageEvent<string>> {
  const source = scene.open(init, scene.url('', scene.context.otherOrigin))
  return scene.observe(source).nextMessage()
}

/** Makes the browser store a cookie for the host of the feed server, which both origins share. */
async function setCookie(scene: Scene): Promise<string> {
  const cookie = `${scene.key}=yes`
  await scene.plan([{ headers: [['Set-Cookie', `${cookie}; Path=/; SameSite=Lax`]], body: ['set'], ending: 'end' }])
  const response = await fetch(scene.url(), { credentials: 'same-origin' })
  await response.text()
  return cookie
}

/** Credentials as written in a URL, and as sent. */
const credentialsInUrls = [
  ['user:secret', 'user:secret'],
  ['user', 'user:'],
  [':secret', ':secret'],
  ['us%3Aer%40:s%2Fe%25', 'us:er@:s/e%'],
  ['%C3%A9t%C3%A9:%E5%90%8D', 'été:名'],
  ['100%zz:50%', '100%zz:50%'],
] as const

export const cases: ConformanceCase[] = [
  theInterface('The request is a GET without a body', async (scene) => {
    await scene.plan([stream('data: a\n\n')])
    await scene.watch().next('message')
    const request = await firstRequest(scene)
    assert.equal(request.method, 'GET')
    assert.equal(request.body, '')
    assert.deepEqual(valuesOf(request, 'Content-Type'), [])
    assert.deepEqual(valuesOf(request, 'Transfer-Encoding'), [])
  }),

  theInterface('The Accept header is text/event-stream', async (scene) => {
    await scene.plan([endedStream('retry: 10\ndata: a\n\n'), stream('data: b\n\n')])
    const watch = scene.watch()
    await watch.next('message')
    await watch.next('message')
    for (const request of await scene.requests({ count: 2 })) {
      assert.deepEqual(valuesOf(request, 'Accept'), ['text/event-stream'])
    }
  }),

  theInterface('The path and the query are sent exactly as in the URL', async (scene) => {
    await scene.plan([stream('data: a\n\n')])
    const path = "/a%2Fb/c%20d/é/~;x=1,2?q=a+b%20c&d=%26&empty=&é='&last"
    const source = scene.open({}, scene.url(path))
    await scene.observe(source).next('message')
    const { pathname, search } = new URL(source.url)
    assert.equal((await firstRequest(scene)).url, pathname + search)
  }),

  theInterface(
    'The request asks caches between for a fresh response, as the cache mode no-store does',
    async (scene) => {
      await scene.plan([endedStream('retry: 10\ndata: a\n\n'), stream('data: b\n\n')])
      const watch = scene.watch()
      await watch.next('message')
      await watch.next('message')
      for (const request of await scene.requests({ count: 2 })) {
        assert.deepEqual(valuesOf(request, 'Cache-Control'), ['no-cache'])
      }
    },
    { limits: sendsNoCacheControl },
  ),

  theInterface(
    'The cache mode is no-store, so that a cacheable response is fetched again, unconditionally',
    async (scene) => {
      const headers = [
        ['Cache-Control', 'public, max-age=3600'],
        ['ETag', '"1"'],
        ['Last-Modified', 'Sun, 22 Nov 2020 00:00:00 GMT'],
      ] as const
      await scene.plan([
        { ...endedStream('retry: 10\ndata: a\n\n'), headers },
        { ...stream('data: b\n\n'), headers },
      ])
      const watch = scene.watch()
      assert.equal((await watch.nextMessage()).data, 'a')
      assert.equal((await watch.nextMessage()).data, 'b')
      const second = scene.watch()
      assert.equal((await second.nextMessage()).data, 'b')
      for (const request of await scene.requests({ count: 3 })) {
        for (const name of ['If-None-Match', 'If-Modified-Since', 'If-Range']) {
          assert.deepEqual(valuesOf(request, name), [])
        }
      }
    },
    { limits: hasNoCacheModes },
  ),

  theInterface(
    'A response that another request left in the cache is not used',
    async (scene) => {
      const headers = [['Cache-Control', 'public, max-age=3600']] as const
      await scene.plan([
        { ...endedStream('data: cached\n\n'), headers },
        { ...stream('data: fresh\n\n'), headers },
      ])
      await (await fetch(scene.url())).text()
      assert.equal((await scene.watch().nextMessage()).data, 'fresh')
    },
    { limits: cachesResponses },
  ),

  processing('Two sources with one URL make two requests', async (scene) => {
    await scene.plan([stream('data: a\n\n')])
    const [first, second] = [scene.watch(), scene.watch()]
    await first.next('message')
    await second.next('message')
    assert.lengthOf(await scene.requests({ count: 2 }), 2)
  }),

  processing('A stream that stays open is one request', async (scene) => {
    await scene.plan([stream('retry: 10\ndata: a\n\n', { pause: 100 }, 'data: b\n\n')])
    const watch = scene.watch()
    await watch.next('message')
    await watch.next('message')
    assert.lengthOf(await scene.requests(), 1)
  }),

  crossOrigin(
    'A stream from another origin opens if that origin allows it, and is the origin of its messages',
    async (scene) => {
      await scene.plan([stream('data: a\n\n')])
      assert.equal((await openAcross(scene)).origin, scene.context.otherOrigin)
    },
  ),

  crossOrigin(
    'The first request to another origin has no preflight',
    async (scene) => {
      await scene.plan([stream('data: a\n\n')])
      await openAcross(scene)
      assert.deepEqual(await scene.preflights(), [])
    },
    { limits: preflightsEverything },
  ),

  crossOrigin('Any origin can read a stream that allows *', async (scene) => {
    await scene.plan([stream('data: a\n\n')], { crossOrigin: 'anonymous' })
    assert.equal((await openAcross(scene)).data, 'a')
  }),

  crossOrigin(
    'A request to another origin has an Origin header',
    async (scene) => {
      await scene.plan([stream('data: a\n\n')])
      await openAcross(scene)
      assert.deepEqual(valuesOf(await firstRequest(scene), 'Origin'), [scene.context.feed])
    },
    { limits: onlyInBrowsers },
  ),

  crossOrigin(
    'A stream that its origin does not share causes an error and no message',
    async (scene) => {
      await scene.plan([stream('data: a\n\n')], { crossOrigin: 'refused' })
      const watch = scene.observe(scene.open({}, scene.url('', scene.context.otherOrigin)))
      assert.notEqual((await watch.next('error')).readyState, 1)
      await pause()
      assert.deepEqual([...new Set(watch.types)], ['error'])
    },
    { limits: onlyInBrowsers },
  ),

  crossOrigin(
    'A stream that allows * cannot be read with credentials',
    async (scene) => {
      await scene.plan([stream('data: a\n\n')], { crossOrigin: 'anonymous' })
      const source = scene.open({ withCredentials: true }, scene.url('', scene.context.otherOrigin))
      const watch = scene.observe(source)
      await watch.next('error')
      assert.deepEqual([...new Set(watch.types)], ['error'])
    },
    { limits: onlyInBrowsers },
  ),

  credentials(
    'Cookies are sent to the same origin with and without withCredentials',
    async (scene) => {
      const cookie = await setCookie(scene)
      for (const withCredentials of [false, true]) {
        await scene.plan([stream('data: a\n\n')])
        await scene.watch({ withCredentials }).next('message')
        assert.include(valuesOf(await firstRequest(scene), 'Cookie').join('; '), cookie)
      }
    },
    { limits: onlyInBrowsers },
  ),

  credentials('Cookies are not sent to another origin without withCredentials', async (scene) => {
    await setCookie(scene)
    await scene.plan([stream('data: a\n\n')])
    await openAcross(scene)
    assert.deepEqual(valuesOf(await firstRequest(scene), 'Cookie'), [])
  }),

  credentials(
    'Cookies are sent to another origin with withCredentials',
    async (scene) => {
      const cookie = await setCookie(scene)
      await scene.plan([stream('data: a\n\n')])
      await openAcross(scene, { withCredentials: true })
      assert.include(valuesOf(await firstRequest(scene), 'Cookie').join('; '), cookie)
    },
    { limits: onlyInBrowsers },
  ),

  credentials(
    'A cookie that the stream sets is sent when the source reconnects',
    async (scene) => {
      const cookie = `${scene.key}=set`
      const first = endedStream('retry: 10\ndata: a\n\n')
      await scene.plan([{ ...first, headers: [['Set-Cookie', `${cookie}; Path=/`]] }, stream('data: b\n\n')])
      const watch = scene.watch()
      await watch.next('message')
      await watch.next('message')
      const requests = await scene.requests({ count: 2 })
      assert.include(valuesOf(requests[1], 'Cookie').join('; '), cookie)
    },
    { limits: onlyInBrowsers },
  ),

  ...credentialsInUrls.map(([written, sent]) =>
    urlCredentials(`The credentials ${written} in a URL are sent`, async (scene) => {
      await scene.plan([stream('data: a\n\n')])
      const source = scene.open({}, scene.url().replace('//', `//${written}@`))
      const event = await scene.observe(source).nextMessage()
      const bytes = String.fromCharCode(...new TextEncoder().encode(sent))
      assert.deepEqual(valuesOf(await firstRequest(scene), 'Authorization'), [`Basic ${btoa(bytes)}`])
      assert.equal(event.origin, scene.context.feed)
      assert.include(source.url, `${written}@`)
    }),
  ),
]
