import { Agent } from 'undici'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type DoctorFeeds, startDoctorFeeds, startSilentServer } from '../../../fixtures/doctor-feeds.ts'
import { runChecks } from '../../../src/cli/doctor/checks.ts'
import { examine } from '../../../src/cli/doctor/examine.ts'
import { startHttpServer } from '../../http-server.ts'
import { diagnose, type Findings } from './diagnose.ts'

let feeds: DoctorFeeds
let secureFeeds: DoctorFeeds
let silent: DoctorFeeds

beforeAll(async () => {
  feeds = await startDoctorFeeds('http')
  secureFeeds = await startDoctorFeeds('https')
  silent = await startSilentServer()
})
afterAll(() => Promise.all([feeds, secureFeeds, silent].map((started) => started.close())))

const time = 2_000

/** The rest has nothing to judge by, and says so. */
function expectOnlyStatus(findings: Findings, seen: RegExp, mend: RegExp): void {
  const { status, ...others } = findings
  expect(status).toEqual({
    check: 'status',
    status: 'fail',
    seen: expect.stringMatching(seen),
    mend: expect.stringMatching(mend),
  })
  expect(Object.values(others).filter((other) => other.status !== 'skip')).toEqual([])
}

describe.concurrent('an endpoint that cannot be reached', () => {
  test('nobody listens', async () => {
    const { origin, close } = await startHttpServer(() => {})
    await close()
    expectOnlyStatus(await diagnose(origin), /^the connection was refused \(connect ECONNREFUSED/, /start the server/)
  })

  test('no such host', async () => {
    // The name is reserved, so that nobody can have it.
    expectOnlyStatus(await diagnose('http://feed.invalid/'), /host has no address|name server did not answer/, /name/)
  })

  test('a certificate that nobody knows', async () => {
    const dispatcher = new Agent()
    const url = `${secureFeeds.origin}/short`
    const findings = runChecks(await examine({ url, init: { dispatcher } }, { time, origin: undefined }))
    await dispatcher.destroy()
    expect(findings[0]).toMatchObject({
      status: 'fail',
      seen: /^the certificate is signed by itself/,
      mend: /--cacert/,
    })
  })

  test('TLS is spoken to a port that does not speak it', async () => {
    const url = feeds.origin.replace('http:', 'https:')
    expectOnlyStatus(await diagnose(url), /^TLS failed/, /http:\/\//)
  })

  test('no TLS is spoken to a port that speaks it', async () => {
    const url = secureFeeds.origin.replace('https:', 'http:')
    expectOnlyStatus(await diagnose(url), /./, /./)
  })

  test('a server that is not one of HTTP', async () => {
    const server = await startSilentServer('220 mail.example ESMTP\r\n')
    expectOnlyStatus(await diagnose(server.origin), /^what came is not HTTP/, /https:\/\//)
    await server.close()
  })

  test('a server that hangs up', async () => {
    const { origin, close } = await startHttpServer((request) => request.socket.destroy())
    expectOnlyStatus(await diagnose(origin), /^the connection was closed|^the connection was reset/, /log/)
    await close()
  })

  test('a server that never answers', async () => {
    expectOnlyStatus(await diagnose(silent.origin, { time }), /^connected, but no response in 2 s$/, /flushHeaders/)
  })

  test('a server that never says a word of TLS', async () => {
    const url = silent.origin.replace('http:', 'https:')
    expectOnlyStatus(await diagnose(url, { time }), /^no connection in 2 s$/, /accepts connections/)
  })
})

describe.concurrent('an endpoint that says too much', () => {
  test.each(['/flood', '/garbage', '/gzip-bomb'])('%s', async (route) => {
    const dispatcher = new Agent()
    const examination = await examine(
      { url: feeds.origin + route, init: { dispatcher } },
      { time: 30_000, origin: undefined },
    )
    await dispatcher.destroy()
    expect(runChecks(examination).find(({ check }) => check === 'connection')).toEqual({
      check: 'connection',
      status: 'ok',
      seen: expect.stringMatching(/^more came in .+ than is examined, [45],\d{3},\d{3} bytes$/),
    })
  })
})
