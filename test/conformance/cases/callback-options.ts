import { assert } from 'chai'
import type { RequestInfo, ResponseInfo } from '../../../src/index.ts'
import { endedStream, noAnswer, redirect, refusal, stream } from '../answers.ts'
import { type ConformanceCase, thrownOnPurpose } from '../case.ts'
import { soon } from '../delays.ts'
import { pause, under } from '../scene.ts'
import { twoRequests } from '../two-requests.ts'

const callbackOptions = under('everysource: onComment, onRequest, onResponse')

export const cases: ConformanceCase[] = [
  callbackOptions('onComment is called with the text of every comment', async (scene) => {
    const comments: string[] = []
    await scene.plan([endedStream(':\n: one\n:two\n\n:  three: x\ndata: a\n: four\n\n')])
    const watch = scene.watch({ onComment: (comment) => comments.push(comment) })
    await watch.nextError()
    assert.deepEqual(comments, ['', 'one', 'two', ' three: x', 'four'])
  }),

  callbackOptions('onRequest is called before every request with what will be sent', async (scene) => {
    const seen: RequestInfo[] = []
    const [first, second] = await twoRequests(scene, {
      headers: { 'X-One': '1' },
      lastEventIdQueryParam: 'after',
      onRequest: (request) => seen.push(request),
    })
    assert.deepEqual(
      seen.map(({ url, method, attempt }) => [url, method, attempt]),
      [
        [scene.context.feed + first.url, 'GET', 1],
        [scene.context.feed + second.url, 'GET', 2],
      ],
    )
    assert.equal(seen[0]?.headers.get('x-one'), '1')
    assert.equal(seen[0]?.headers.get('accept'), 'text/event-stream')
  }),

  callbackOptions('onResponse is called with every response, including refused ones', async (scene) => {
    const seen: ResponseInfo[] = []
    await scene.plan([
      redirect(302, scene.url('/next')),
      { ...endedStream('retry: 10\ndata: a\n\n'), headers: [['X-One', '1']] },
      noAnswer,
      refusal(404),
    ])
    const watch = scene.watch({ onResponse: (response) => seen.push(response), retry: soon })
    while ((await watch.nextError()).willReconnect);
    assert.deepEqual(
      seen.map(({ url, status, attempt }) => [url, status, attempt]),
      [
        [scene.url('/next'), 200, 1],
        [scene.url(), 404, 3],
      ],
    )
    assert.equal(seen[0]?.headers.get('x-one'), '1')
  }),

  callbackOptions('An onComment, onRequest or onResponse that throws changes nothing', async (scene) => {
    await scene.plan([stream(': hello\ndata: a\n\n')])
    const fail = (): never => {
      throw new Error(thrownOnPurpose)
    }
    const watch = scene.watch({ onComment: fail, onRequest: fail, onResponse: fail })
    await watch.next('message')
    assert.deepEqual(watch.types, ['open', 'message'])
  }),

  ...(['onRequest', 'onResponse', 'onComment'] as const).map((name) =>
    callbackOptions(`close() in ${name} prevents any further event`, async (scene) => {
      await scene.plan([stream(': hello\ndata: a\n\n')])
      let called = (): void => undefined
      const call = new Promise<void>((resolve) => {
        called = resolve
      })
      const source = scene.open({
        [name]: () => {
          source.close()
          called()
        },
      })
      const watch = scene.observe(source)
      await call
      await pause()
      assert.equal(source.readyState, 2)
      assert.notInclude(watch.types, 'message')
      assert.notInclude(watch.types, 'error')
      if (name === 'onRequest') assert.lengthOf(await scene.requests(), 0)
    }),
  ),
]
