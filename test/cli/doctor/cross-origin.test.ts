import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type DoctorFeeds, startDoctorFeeds } from '../../../fixtures/doctor-feeds.ts'
import { type DiagnoseOptions, diagnose } from './diagnose.ts'

let feeds: DoctorFeeds
let secureFeeds: DoctorFeeds

beforeAll(async () => {
  feeds = await startDoctorFeeds('http')
  secureFeeds = await startDoctorFeeds('https')
})
afterAll(() => Promise.all([feeds.close(), secureFeeds.close()]))

const origin = 'https://app.example'

async function meet(route: string, options?: DiagnoseOptions) {
  const findings = await diagnose(feeds.origin + route, { origin, ...options })
  const { cors, 'preflight-last-event-id': lastEventId, 'preflight-authorization': authorization } = findings
  return { cors, lastEventId, authorization }
}

const toSay = (status: string, seen: RegExp) => expect.objectContaining({ status, seen: expect.stringMatching(seen) })

describe.concurrent('what a page of another origin would meet', () => {
  test('no CORS headers', async () => {
    expect(await meet('/no-cors')).toEqual({
      cors: toSay('fail', /^no Access-Control-Allow-Origin$/),
      lastEventId: toSay('fail', /^OPTIONS is answered by 404$/),
      authorization: toSay('warn', /^OPTIONS is answered by 404$/),
    })
  })

  test('those for another page', async () => {
    const { cors } = await meet('/other-origin')
    expect(cors).toEqual(toSay('fail', /"https:\/\/other\.example"/))
    expect(cors.mend).toContain(`Access-Control-Allow-Origin: ${origin}`)
  })

  test('the same header from the server and from a proxy', async () => {
    const { cors } = await meet('/two-origins')
    expect(cors).toEqual(toSay('fail', /"\*, \*"/))
    expect(cors.mend).toContain('one value only')
  })

  test('an origin that a cache would hand to others', async () => {
    const { cors } = await meet('/no-vary')
    expect(cors).toEqual(toSay('warn', /no Vary: Origin/))
  })

  test('no preflight', async () => {
    expect(await meet('/no-preflight')).toEqual({
      cors: toSay('ok', /^Access-Control-Allow-Origin: \*, but not withCredentials$/),
      lastEventId: toSay('fail', /404/),
      authorization: toSay('warn', /404/),
    })
  })

  test('a preflight that allows no header', async () => {
    const { lastEventId, authorization } = await meet('/preflight-of-nothing')
    expect(lastEventId).toEqual(toSay('fail', /Access-Control-Allow-Headers: none/))
    expect(lastEventId.mend).toContain('Access-Control-Allow-Headers: Last-Event-ID')
    expect(authorization.mend).toContain('Access-Control-Allow-Headers: Authorization')
  })

  test('a preflight that allows every header, which does not hold for Authorization', async () => {
    const { lastEventId, authorization } = await meet('/preflight-of-all')
    expect(lastEventId).toEqual(toSay('ok', /^allowed, for 5 s$/))
    expect(authorization).toEqual(toSay('warn', /Access-Control-Allow-Headers: \*/))
  })

  test('a preflight that the token would need', async () => {
    const init = { headers: { Authorization: 'Bearer token' } }
    const { authorization } = await meet('/preflight-of-all', { init })
    expect(authorization.status).toBe('fail')
  })

  test('a preflight that does not allow the method', async () => {
    const { lastEventId } = await meet('/preflight-of-all', { init: { method: 'PUT', body: 'x' } })
    expect(lastEventId).toEqual(toSay('fail', /does not allow PUT/))
    expect(lastEventId.mend).toContain('Access-Control-Allow-Methods: PUT')
  })

  test('no preflight where the ID is sent in the query', async () => {
    const { lastEventId } = await meet('/no-preflight', { init: { lastEventIdQueryParam: 'after' } })
    expect(lastEventId).toEqual(toSay('skip', /query parameter after/))
  })

  test('a redirect without CORS headers', async () => {
    expect((await meet('/redirect')).cors).toEqual(toSay('fail', /no Access-Control-Allow-Origin/))
  })
})

test.concurrent('a page of the same origin meets nothing of it', async () => {
  expect(await meet('/no-cors', { origin: feeds.origin })).toEqual({
    cors: toSay('ok', /same origin/),
    lastEventId: toSay('skip', /same origin/),
    authorization: toSay('skip', /same origin/),
  })
})

test.concurrent('an origin that allows credentials', async () => {
  const findings = await diagnose(`${secureFeeds.origin}/with-credentials`, { origin })
  expect(findings.cors).toEqual(toSay('ok', /withCredentials too/))
})
