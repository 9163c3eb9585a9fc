import { assert } from 'chai'
import type { Answer } from '../../../fixtures/feed-server/plan.ts'
import { refusal } from '../answers.ts'
import type { ConformanceCase } from '../case.ts'
import { failsOn304 } from '../limits.ts'
import { pause, under } from '../scene.ts'

const processing = under('HTML: Processing model')
const mimeType = under('Fetch: extract a MIME type')

/** Creates a case about an answer that fails the connection: one error, CLOSED, and no further request. */
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
      await pause()
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
  // The body ends, because browsers sniff the type of some responses in as much of the body as they get.
  return fails(mimeType, name, { contentType, body: ['data: a\n\n'], ending: 'end' })
}

const statuses = [201, 202, 203, 205, 206, 400, 401, 403, 404, 408, 410, 418, 429, 500, 502, 503, 504, 599]

export const cases: ConformanceCase[] = [
  fails(processing, 'A response with status 204 fails the connection', {
    status: 204,
    contentType: null,
    ending: 'end',
  }),
  fails(processing, 'A response with status 204 and the type of an event stream fails the connection', {
    status: 204,
    ending: 'end',
  }),
  ...statuses.map((status) =>
    fails(processing, `A response with status ${status} fails the connection`, refusal(status, 'no')),
  ),
  ...[202, 404, 500].map((status) =>
    fails(processing, `A response with status ${status} fails the connection even if its body is an event stream`, {
      status,
      body: ['data: a\n\n'],
      ending: 'end',
    }),
  ),
  fails(processing, 'A refused response that never ends fails the connection', {
    status: 500,
    body: ['data: a\n\n'],
  }),
  fails(
    processing,
    'A response with status 304 fails the connection',
    { status: 304, contentType: null, ending: 'end' },
    { limits: failsOn304 },
  ),
  fails(processing, 'A response with status 300 and no Location fails the connection', refusal(300)),

  isRefused('A response of type text/plain is refused', 'text/plain'),
  isRefused('A response of type text/html is refused', 'text/html; charset=utf-8'),
  isRefused('A response of type application/json is refused', 'application/json'),
  isRefused('A response of type text/event-streams is refused', 'text/event-streams'),
  isRefused('A response of type application/event-stream is refused', 'application/event-stream'),
  isRefused('A response of type text/x-event-stream is refused', 'text/x-event-stream'),
  isRefused('A response of type text / event-stream is refused', 'text / event-stream'),
  isRefused('A response of type event-stream is refused', 'event-stream'),
  isRefused('A response without a Content-Type is refused', null),
  isRefused('A response with an empty Content-Type is refused', ''),
  isRefused(
    'A response with text/event-stream only as a parameter of its type is refused',
    'text/plain; text/event-stream',
  ),
  isRefused('A response is refused if the last of its two Content-Type headers is another type', [
    'text/event-stream',
    'text/plain',
  ]),

  opens('A response of type text/event-stream is accepted', 'text/event-stream'),
  opens('A response of type text/event-stream in upper case is accepted', 'TEXT/EVENT-STREAM'),
  opens('A response whose type has a charset is accepted', 'text/event-stream;charset=utf-8'),
  opens(
    'A response whose type has a charset in upper case and quotes is accepted',
    'text/event-stream; Charset="UTF-8"',
  ),
  opens('A response whose type has any other parameter is accepted', 'text/event-stream; a=b'),
  opens('A response whose type has a malformed parameter is accepted', 'text/event-stream;x bogus'),
  opens('A response whose type ends with a semicolon is accepted', 'text/event-stream;'),
  opens(
    'A response whose type has spaces around it and around the semicolon is accepted',
    ' text/event-stream ; charset=utf-8 ',
  ),
  opens('A response is accepted if the last of its two Content-Type headers is an event stream', [
    'text/plain',
    'text/event-stream',
  ]),
  opens(
    'A response is accepted if the last of two types in one Content-Type is an event stream',
    'text/plain, text/event-stream',
  ),
  opens('A second Content-Type that is not a MIME type is ignored', ['text/event-stream', 'bogus']),
]
