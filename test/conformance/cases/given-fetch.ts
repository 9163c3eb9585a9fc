import { assert } from 'chai'
import type { FetchLike } from '../../../src/index.ts'
import { endedStream, redirect, stream } from '../answers.ts'
import type { ConformanceCase } from '../case.ts'
import { fetchDoesNotStream, fetchHidesRedirects, fetchKeepsAuthorization } from '../limits.ts'
import { type Scene, under, valuesOf } from '../scene.ts'

const givenFetch = under('everysource: fetch')

/** A fetch that adds a token to every URL that it is called with, as many libraries do. */
function createAuthorizedFetch(): { fetch: FetchLike; calls: { url: string; init: RequestInit }[] } {
  const calls: { url: string; init: RequestInit }[] = []
  return {
    calls,
    fetch(url, init) {
      calls.push({ url: String(url), init })
      const headers = { ...(init.headers as Record<string, string>), Authorization: 'Bearer secret' }
      return globalThis.fetch(url, { ...init, headers })
    },
  }
}

/** The Authorization headers of the requests that the server has seen. */
async function authorizations(scene: Scene, count: number): Promise<string[][]> {
  return (await scene.requests({ count })).map((request) => valuesOf(request, 'Authorization'))
}

export const cases: ConformanceCase[] = [
  givenFetch(
    'A given fetch that adds a token is not called with the URL of another origin',
    async (scene) => {
      await scene.plan([redirect(302, scene.url('/next', scene.context.otherOrigin)), stream('data: a\n\n')])
      const { fetch, calls } = createAuthorizedFetch()
      await scene.watch({ fetch }).next('message')
      assert.deepEqual(
        calls.map(({ url }) => url),
        [scene.url()],
      )
      assert.deepEqual(await authorizations(scene, 2), [['Bearer secret'], []])
    },
    { limits: fetchKeepsAuthorization },
  ),

  givenFetch('A redirect that a given fetch returns is final', async (scene) => {
    await scene.plan([stream('data: a\n\n')])
    let calls = 0
    const watch = scene.watch({
      async fetch() {
        calls++
        return new Response(null, { status: 302, headers: { Location: scene.url('/next') } })
      },
      retry: { initialDelay: 10 },
    })
    const error = await watch.nextError()
    assert.equal(error.reason, 'redirect')
    assert.equal(error.code, 302)
    assert.isFalse(error.willReconnect)
    assert.equal(calls, 1)
    assert.lengthOf(await scene.requests(), 0)
  }),

  ...(['follow', 'error'] as const).map((mode) =>
    givenFetch(
      `A given fetch is called once with redirect: '${mode}'`,
      async (scene) => {
        await scene.plan([stream('data: a\n\n')])
        const { fetch, calls } = createAuthorizedFetch()
        await scene.watch({ fetch, redirect: mode }).next('message')
        // workerd throws for the mode 'error'.
        const told = mode === 'error' && scene.context.runtime === 'workerd' ? 'manual' : mode
        assert.deepEqual(
          calls.map(({ init }) => init.redirect),
          [told],
        )
      },
      { limits: fetchDoesNotStream },
    ),
  ),

  givenFetch(
    'A given fetch gets capitalized names of headers, so that a spread replaces them',
    async (scene) => {
      await scene.plan([endedStream('retry: 10\nid: 7\ndata: a\n\n'), stream('data: b\n\n')])
      const names: string[][] = []
      const watch = scene.watch({
        headers: { 'x-api-key': '1', 'content-language': 'en' },
        fetch: (url, init) => {
          const headers = { ...(init.headers as Record<string, string>), Accept: 'text/event-stream, x/y' }
          names.push(Object.keys(headers))
          return fetch(url, { ...init, headers })
        },
      })
      await watch.next('message')
      await watch.next('message')
      assert.includeMembers(names[0] ?? [], ['Accept', 'X-Api-Key', 'Content-Language'])
      assert.includeMembers(names[1] ?? [], ['Accept', 'Last-Event-ID', 'X-Api-Key', 'Content-Language'])
      for (const request of await scene.requests({ count: 2 })) {
        assert.deepEqual(valuesOf(request, 'Accept'), ['text/event-stream, x/y'])
      }
    },
    { limits: fetchDoesNotStream },
  ),

  givenFetch(
    "A given fetch that refuses redirects to another origin itself is asked for them only by the platform's rules",
    async (scene) => {
      const { otherOrigin } = scene.context
      await scene.plan([redirect(307, scene.url('/next', otherOrigin)), stream('data: a\n\n')])
      const watch = scene.watch({
        fetch: async (url, init) => {
          const response = await fetch(url, { ...init, redirect: 'manual' })
          if (response.status === 307) throw new TypeError('redirects to another origin are refused')
          return response
        },
        retry: false,
      })
      const error = await watch.nextError()
      assert.include(error.message, 'redirects to another origin are refused')
      assert.lengthOf(await scene.requests(), 1)
    },
    { limits: fetchHidesRedirects },
  ),
]
