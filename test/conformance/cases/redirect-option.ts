import { assert } from 'chai'
import { redirect, refusal, stream } from '../answers.ts'
import type { ConformanceCase } from '../case.ts'
import { soon } from '../delays.ts'
import { followsRedirects, hidesRedirectLoops, hidesRedirects } from '../limits.ts'
import { pause, under } from '../scene.ts'

const redirectOption = under('everysource: redirect')

export const cases: ConformanceCase[] = [
  redirectOption(
    "redirect: 'error' fails the connection at the first redirect",
    async (scene) => {
      await scene.plan([redirect(302, scene.url('/next')), stream('data: a\n\n')])
      const watch = scene.watch({ redirect: 'error', retry: soon })
      const error = await watch.nextError()
      assert.equal(error.reason, 'redirect')
      assert.isFalse(error.willReconnect)
      assert.equal(watch.source.readyState, 2)
      await pause()
      assert.lengthOf(await scene.requests(), 1)
    },
    { limits: followsRedirects },
  ),

  redirectOption("redirect: 'error' does not affect other responses", async (scene) => {
    await scene.plan([stream('data: a\n\n')])
    await scene.watch({ redirect: 'error' }).next('message')
  }),

  redirectOption('A redirect without a Location fails with the reason redirect', async (scene) => {
    await scene.plan([refusal(302)])
    const error = await scene.watch().nextError()
    assert.equal(error.reason, 'redirect')
    assert.equal(error.status, 302)
    assert.isFalse(error.willReconnect)
  }),

  ...(
    [
      ['that never ends', '/feed'],
      ['to an invalid URL', 'http://a b/'],
      ['to a scheme that is not HTTP', 'ftp://127.0.0.1/'],
    ] as const
  ).map(([what, location]) =>
    redirectOption(
      `A redirect ${what} closes the source with the reason redirect`,
      async (scene) => {
        await scene.plan([redirect(302, location === '/feed' ? scene.url() : location)])
        const watch = scene.watch({ retry: soon })
        const error = await watch.nextError()
        assert.equal(error.reason, 'redirect')
        assert.isFalse(error.willReconnect)
        assert.equal(watch.source.readyState, 2)
        assert.isAtMost((await scene.requests()).length, 21)
      },
      { limits: location === '/feed' ? hidesRedirectLoops : hidesRedirects },
    ),
  ),

  redirectOption('A POST becomes a GET without a body after a 302, and remains a POST after a 307', async (scene) => {
    await scene.plan([redirect(307, scene.url('/same')), redirect(302, scene.url('/other')), stream('data: a\n\n')])
    await scene.watch({ method: 'POST', body: 'question' }).next('message')
    const requests = await scene.requests({ count: 3 })
    assert.deepEqual(
      requests.map(({ method, body }) => [method, body]),
      [
        ['POST', 'question'],
        ['POST', 'question'],
        ['GET', ''],
      ],
    )
  }),
]
