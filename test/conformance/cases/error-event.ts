import { assert } from 'chai'
import type { ErrorEvent, ErrorReason } from '../../../src/index.ts'
import { endedStream, noAnswer, redirect, refusal, silence, stream, tornStream } from '../answers.ts'
import type { ConformanceCase } from '../case.ts'
import { hasNoStreams, heedsCharset, treatsBrokenAsEnded } from '../limits.ts'
import { pause, type Scene, under } from '../scene.ts'

const errorEvent = under('everysource: ErrorEvent')

/** Checks what holds for every error event. */
function assertError(event: ErrorEvent, reason: ErrorReason, willReconnect: boolean): void {
  assert.equal(event.reason, reason, event.message)
  assert.isNotEmpty(event.message)
  assert.equal(event.willReconnect, willReconnect)
  if (willReconnect) assert.isAtLeast(event.delay ?? Number.NaN, 0)
  else assert.isUndefined(event.delay)
}

/** Checks that an error event says nothing of a response: libraries take a status for a refusal. */
function assertNoResponse(event: ErrorEvent): void {
  for (const field of ['code', 'status', 'headers', 'body'] as const) {
    assert.property(event, field)
    assert.isUndefined(event[field], field)
  }
}

/** Opens a source on the planned answers and returns its first error event. */
async function firstError(scene: Scene, ...given: Parameters<Scene['plan']>): Promise<ErrorEvent> {
  await scene.plan(...given)
  return scene.watch().nextError()
}

const soon = { initialDelay: 10, jitter: 0 }

export const cases: ConformanceCase[] = [
  errorEvent('An error event is an Event of the realm, and not a message', async (scene) => {
    const event = await firstError(scene, [refusal(404)])
    assert.instanceOf(event, Event)
    assert.notInstanceOf(event, MessageEvent)
    assert.equal(event.type, 'error')
    assert.isFalse(event.bubbles)
    assert.isFalse(event.cancelable)
    assert.equal(event.constructor, scene.context.ErrorEvent)
    assert.equal(event.target?.constructor, scene.context.EventSource)
  }),

  errorEvent('onerror receives the same event as the listeners', async (scene) => {
    await scene.plan([refusal(404)])
    const source = scene.open()
    let handled: unknown
    source.onerror = (event) => {
      handled = event
    }
    assert.equal(handled ?? (await scene.observe(source).nextError()), handled)
  }),

  errorEvent('An error event has the reason ended when the server ends the stream', async (scene) => {
    await scene.plan([endedStream('retry: 20\ndata: a\n\n')])
    const event = await scene.watch({ retry: { jitter: 0 } }).nextError()
    assertError(event, 'ended', true)
    assert.isUndefined(event.error)
    assertNoResponse(event)
    assert.equal(event.attempt, 1)
    assert.equal(event.delay, 20)
  }),

  errorEvent('An error event has the reason network when the connection fails before any response', async (scene) => {
    const event = await firstError(scene, [noAnswer])
    assertError(event, 'network', true)
    assert.instanceOf(event.error, Error)
    assertNoResponse(event)
    assert.equal(event.attempt, 1)
  }),

  errorEvent(
    'An error event has the reason network when the stream breaks off',
    async (scene) => {
      await scene.plan([tornStream('data: a\n\n', { gate: 'tear' }, 'data: half')])
      const watch = scene.watch()
      await watch.next('message')
      await scene.openGate('tear')
      const event = await watch.nextError()
      assertError(event, 'network', true)
      assert.instanceOf(event.error, Error)
      assertNoResponse(event)
    },
    { limits: treatsBrokenAsEnded },
  ),

  errorEvent('An error event has the reason timeout when no response comes within openTimeout', async (scene) => {
    await scene.plan([silence])
    const event = await scene.watch({ openTimeout: 40 }).nextError()
    assertError(event, 'timeout', true)
    assertNoResponse(event)
    assert.include(event.message, '40')
  }),

  errorEvent('An error event has the reason idle when the stream is silent for idleTimeout', async (scene) => {
    await scene.plan([stream('data: a\n\n')])
    const event = await scene.watch({ idleTimeout: 40 }).nextError()
    assertError(event, 'idle', true)
    assertNoResponse(event)
    assert.include(event.message, '40')
  }),

  errorEvent('An error event has the reason callback when a headers function throws', async (scene) => {
    const reason = new Error('no token')
    await scene.plan([stream('data: a\n\n')])
    const headers = (): never => {
      throw reason
    }
    const event = await scene.watch({ headers }).nextError()
    assertError(event, 'callback', true)
    assert.equal(event.error, reason)
    assert.include(event.message, 'no token')
    assertNoResponse(event)
  }),

  errorEvent('An error event with the reason status has the headers and body of the response', async (scene) => {
    const event = await firstError(scene, [refusal(403, 'Not on a Sunday.', [['X-Reason', 'Sunday']])])
    assertError(event, 'status', false)
    assert.equal(event.status, 403)
    assert.equal(event.code, 403)
    assert.equal(event.headers?.get('x-reason'), 'Sunday')
    assert.equal(event.body, 'Not on a Sunday.')
    assert.include(event.message, '403')
    assert.equal(event.attempt, 1)
  }),

  errorEvent('An error event has the reason status after a 204', async (scene) => {
    const event = await firstError(scene, [{ status: 204, contentType: null, ending: 'end' }])
    assertError(event, 'status', false)
    assert.equal(event.status, 204)
    assert.equal(event.code, 204)
    assert.equal(event.body, '')
  }),

  errorEvent('An error event with the reason content-type names the type of the response', async (scene) => {
    const event = await firstError(scene, [{ contentType: 'text/html', body: ['<p>Sign in</p>'], ending: 'end' }])
    assertError(event, 'content-type', false)
    assert.include(event.message, 'text/html')
    assert.equal(event.status, 200)
    assert.equal(event.code, 200)
    assert.equal(event.headers?.get('content-type'), 'text/html')
    assert.equal(event.body, '<p>Sign in</p>')
  }),

  errorEvent('An error event has the reason redirect when a redirect is not allowed', async (scene) => {
    await scene.plan([redirect(302, scene.url('/next')), stream('data: a\n\n')])
    assertError(await scene.watch({ redirect: 'error' }).nextError(), 'redirect', false)
  }),

  errorEvent('An error event has the reason too-large when an event exceeds maxEventSize', async (scene) => {
    await scene.plan([stream({ text: 'data: a\n', times: 100 }, '\n')])
    const event = await scene.watch({ maxEventSize: 50 }).nextError()
    assertError(event, 'too-large', false)
    assert.include(event.message, '50')
    assertNoResponse(event)
  }),

  errorEvent('An error event has the reason unsupported when the scheme of the URL can never work', async (scene) => {
    const event = await scene.observe(scene.open({}, 'ftp://127.0.0.1/feed')).nextError()
    assertError(event, 'unsupported', false)
  }),

  errorEvent(
    'An error event has the reason body-used when a one-shot body is needed again',
    async (scene) => {
      await scene.plan([endedStream('retry: 10\ndata: a\n\n')])
      const watch = scene.watch({
        method: 'POST',
        body: new Blob(['once']).stream(),
        // Most browsers cannot send streams, so this function omits the body.
        fetch: (url, { signal }) => fetch(url, { signal: signal ?? null }),
      })
      assertError(await watch.nextError(), 'body-used', false)
    },
    { limits: hasNoStreams },
  ),

  errorEvent('An error event has the reason gave-up when maxAttempts attempts have failed', async (scene) => {
    await scene.plan([noAnswer])
    const watch = scene.watch({ retry: { ...soon, maxAttempts: 2 } })
    const first = await watch.nextError()
    assertError(first, 'network', true)
    const last = await watch.nextError()
    assertError(last, 'gave-up', false)
    assertNoResponse(last)
    assert.instanceOf(last.error, Error)
    assert.equal(last.attempt, 2)
    assert.include(last.message, '2')
  }),

  errorEvent('The attempt of an error event counts all attempts, also those after a success', async (scene) => {
    await scene.plan([endedStream('retry: 10\ndata: a\n\n'), noAnswer, endedStream('data: b\n\n'), refusal(404)])
    const watch = scene.watch({ retry: soon })
    const seen: [string, number][] = []
    for (let count = 0; count < 4; count++) {
      const { reason, attempt } = await watch.nextError()
      seen.push([reason, attempt])
    }
    assert.deepEqual(seen, [
      ['ended', 1],
      ['network', 2],
      ['ended', 3],
      ['status', 4],
    ])
  }),

  errorEvent('The body of an error event is the first 8 KiB of the refused response', async (scene) => {
    const { body } = await firstError(scene, [
      {
        status: 500,
        contentType: 'application/json',
        body: [{ text: '0123456789abcdef', times: 4_096 }],
        ending: 'end',
      },
    ])
    assert.equal(body, '0123456789abcdef'.repeat(512))
  }),

  errorEvent(
    'The body of an error event is the part that arrived of a refused response that does not end',
    async (scene) => {
      const { body } = await firstError(scene, [{ status: 500, contentType: 'application/json', body: ['{"more":'] }])
      assert.equal(body, '{"more":')
    },
  ),

  errorEvent(
    'The body of an error event is decoded as UTF-8, however it is split',
    async (scene) => {
      // Each byte is written separately, but without pauses, which could exceed the time that the body is waited for.
      const pieces = Array.from(new TextEncoder().encode('é名👩‍🚀'), (byte) => ({ bytes: [byte] }))
      const { body } = await firstError(scene, [
        { status: 500, contentType: 'application/json; charset=iso-8859-1', body: pieces, ending: 'end' },
      ])
      assert.equal(body, 'é名👩‍🚀')
    },
    { limits: heedsCharset },
  ),

  errorEvent('A refused response that breaks off is still refused', async (scene) => {
    await scene.plan([
      { status: 500, contentType: 'application/json', body: ['{"half":', { gate: 'tear' }], ending: 'tear' },
    ])
    let announce = (): void => undefined
    const response = new Promise<void>((resolve) => {
      announce = resolve
    })
    const watch = scene.watch({ onResponse: () => announce() })
    await response
    // Bytes of the body that have not been read by then are lost with the connection.
    await pause(300)
    await scene.openGate('tear')
    const event = await watch.nextError()
    assertError(event, 'status', false)
    assert.equal(event.body, '{"half":')
  }),

  errorEvent('The source reconnects as willReconnect and delay of the error event say', async (scene) => {
    await scene.plan([endedStream('retry: 150\ndata: a\n\n'), stream('data: b\n\n')])
    const watch = scene.watch()
    const { delay = 0, willReconnect } = await watch.nextError()
    assert.isTrue(willReconnect)
    assert.isAtLeast(delay, 150)
    await watch.next('open')
    await watch.next('open')
    const [first, second] = await scene.requests({ count: 2 })
    assert.isAtLeast((second?.time ?? 0) - (first?.time ?? 0), 145)
  }),
]
