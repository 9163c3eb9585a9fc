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

async function checkPage(route: string, options?: DiagnoseOptions) {
  const findings = await diagnose(feeds.origin + route, { origin, ...options })
  const { cors, 'preflight-last-event-id': lastEventId, 'preflight-authorization': authorization } = findings
  return { cors, lastEventId, authorization }
}

const result = (status: string, message: RegExp) =>
  expect.objectContaining({ status, message: expect.stringMatching(message) })

describe.concurrent('The doctor checks what a page of another origin can do', () => {
  test('A response without CORS headers fails all checks', async () => {
    expect(await checkPage('/no-cors')).toEqual({
      cors: result('fail', /^no Access-Control-Allow-Origin$/),
      lastEventId: result('fail', /^the response to OPTIONS has status 404$/),
      authorization: result('warn', /^the response to OPTIONS has status 404$/),
    })
  })

  test('CORS headers for another origin are a failure', async () => {
    const { cors } = await checkPage('/other-origin')
    expect(cors).toEqual(result('fail', /"https:\/\/other\.example"/))
    expect(cors.fix).toContain(`Access-Control-Allow-Origin: ${origin}`)
  })

  test('CORS headers from both a server and a proxy are a failure', async () => {
    const { cors } = await checkPage('/two-origins')
    expect(cors).toEqual(result('fail', /"\*, \*"/))
    expect(cors.fix).toContain('only one value')
  })

  test('CORS headers without Vary: Origin are a warning', async () => {
    const { cors } = await checkPage('/no-vary')
    expect(cors).toEqual(result('warn', /no Vary: Origin/))
  })

  test('A refused preflight is a failure', async () => {
    expect(await checkPage('/no-preflight')).toEqual({
      cors: result('ok', /^Access-Control-Allow-Origin: \*, without withCredentials$/),
      lastEventId: result('fail', /404/),
      authorization: result('warn', /404/),
    })
  })

  test('A preflight that allows no header is a failure', async () => {
    const { lastEventId, authorization } = await checkPage('/preflight-of-nothing')
    expect(lastEventId).toEqual(result('fail', /Access-Control-Allow-Headers: none/))
    expect(lastEventId.fix).toContain('Access-Control-Allow-Headers: Last-Event-ID')
    expect(authorization.fix).toContain('Access-Control-Allow-Headers: Authorization')
  })

  test('A preflight that allows every header does not allow Authorization', async () => {
    const { lastEventId, authorization } = await checkPage('/preflight-of-all')
    expect(lastEventId).toEqual(result('ok', /^allowed, cached for 5 s$/))
    expect(authorization).toEqual(result('warn', /Access-Control-Allow-Headers: \*/))
  })

  test('A preflight that does not allow the Authorization header in use is a failure', async () => {
    const init = { headers: { Authorization: 'Bearer token' } }
    const { authorization } = await checkPage('/preflight-of-all', { init })
    expect(authorization.status).toBe('fail')
  })

  test('A preflight that does not allow the method is a failure', async () => {
    const { lastEventId } = await checkPage('/preflight-of-all', { init: { method: 'PUT', body: 'x' } })
    expect(lastEventId).toEqual(result('fail', /does not allow PUT/))
    expect(lastEventId.fix).toContain('Access-Control-Allow-Methods: PUT')
  })

  test('The preflight for Last-Event-ID is skipped if a query parameter carries the ID', async () => {
    const { lastEventId } = await checkPage('/no-preflight', { init: { lastEventIdQueryParam: 'after' } })
    expect(lastEventId).toEqual(result('skip', /query parameter after/))
  })

  test('A redirect without CORS headers is a failure', async () => {
    expect((await checkPage('/redirect')).cors).toEqual(result('fail', /no Access-Control-Allow-Origin/))
  })
})

test.concurrent('A page of the same origin needs no CORS headers', async () => {
  expect(await checkPage('/no-cors', { origin: feeds.origin })).toEqual({
    cors: result('ok', /same origin/),
    lastEventId: result('skip', /same origin/),
    authorization: result('skip', /same origin/),
  })
})

test.concurrent('CORS headers that allow credentials are reported', async () => {
  const findings = await diagnose(`${secureFeeds.origin}/with-credentials`, { origin })
  expect(findings.cors).toEqual(result('ok', /including withCredentials/))
})
