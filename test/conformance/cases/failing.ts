import { assert } from 'chai'
import type { Answer } from '../../../fixtures/feed-server/plan.ts'
import { refusal } from '../answers.ts'
import type { ConformanceCase } from '../case.ts'
import { takesNo304 } from '../limits.ts'
import { aWhile, under } from '../scene.ts'

const processing = under('HTML: Processing model')
const mimeType = under('Fetch: extract a MIME type')

/** A case about an answer that fails the connection: one error, CLOSED, and no further request. */
function fails(
  section: ReturnType<typeof under>,
  name: string,
  answer: Answer,
  extras: Pick<ConformanceCase, 'limits'> = {},
): ConformanceCase {
  return section(
    name,
    async (scene) => {
      await scene.plan([answer])
      const watch = scene.watch()
      const error = await watch.next('error')
      assert.equal(error.readyState, 2)
      await aWhile()
      assert.deepEqual(watch.types, ['error'])
      assert.equal(watch.source.readyState, 2)
      assert.lengthOf(await scene.requests(), 1)
    },
    extras,
  )
}

function opens(name: string, contentType: string | readonly string[]): ConformanceCase {
  return mimeType(name, async (scene) => {
    await scene.plan([{ contentType, body: ['data: a\n\n'] }])
    assert.equal((await scene.watch().nextMessage()).data, 'a')
  })
}

function isRefused(name: string, contentType: string | readonly string[] | null): ConformanceCase {
  // The body ends: browsers sniff the type of some responses in as much of the body as they can get.
  return fails(mimeType, name, { contentType, body: ['data: a\n\n'], ending: 'end' })
}

const statuses = [201, 202, 203, 205, 206, 400, 401, 403, 404, 408, 410, 418, 429, 500, 502, 503, 504, 599]

export const cases: ConformanceCase[] = [
  fails(processing, 'a 204 fails the connection', { status: 204, contentType: null, ending: 'end' }),
  fails(processing, 'a 204 that says it is an event stream fails the connection', { status: 204, ending: 'end' }),
  ...statuses.map((status) => fails(processing, `a ${status} fails the connection`, refusal(status, 'no'))),
  ...[202, 404, 500].map((status) =>
    fails(processing, `a ${status} with an event stream for a body fails the connection`, {
      status,
      body: ['data: a\n\n'],
      ending: 'end',
    }),
  ),
  fails(processing, 'a refused response that never ends fails the connection, too', {
    status: 500,
    body: ['data: a\n\n'],
  }),
  fails(
    processing,
    'a 304 fails the connection',
    { status: 304, contentType: null, ending: 'end' },
    { limits: takesNo304 },
  ),
  fails(processing, 'a 300 without a location fails the connection', refusal(300)),

  isRefused('text/plain is refused', 'text/plain'),
  isRefused('text/html is refused', 'text/html; charset=utf-8'),
  isRefused('application/json is refused', 'application/json'),
  isRefused('text/event-streams is refused', 'text/event-streams'),
  isRefused('application/event-stream is refused', 'application/event-stream'),
  isRefused('text/x-event-stream is refused', 'text/x-event-stream'),
  isRefused('text / event-stream is refused', 'text / event-stream'),
  isRefused('event-stream is refused', 'event-stream'),
  isRefused('a response without a Content-Type is refused', null),
  isRefused('an empty Content-Type is refused', ''),
  isRefused('text/event-stream as a parameter is refused', 'text/plain; text/event-stream'),
  isRefused('of two Content-Type headers the last counts: refused', ['text/event-stream', 'text/plain']),

  opens('text/event-stream is taken', 'text/event-stream'),
  opens('text/event-stream in upper case is taken', 'TEXT/EVENT-STREAM'),
  opens('a charset is taken', 'text/event-stream;charset=utf-8'),
  opens('a charset in upper case and quotes is taken', 'text/event-stream; Charset="UTF-8"'),
  opens('any other parameter is taken', 'text/event-stream; a=b'),
  opens('a parameter that is malformed is taken', 'text/event-stream;x bogus'),
  opens('a semicolon at the end is taken', 'text/event-stream;'),
  opens('spaces around the type and the semicolon are taken', ' text/event-stream ; charset=utf-8 '),
  opens('of two Content-Type headers the last counts: taken', ['text/plain', 'text/event-stream']),
  opens('of two types in one Content-Type the last counts: taken', 'text/plain, text/event-stream'),
  opens('a second Content-Type that is no type is passed over', ['text/event-stream', 'bogus']),
]
