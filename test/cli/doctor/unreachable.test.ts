import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { key } from '../../../fixtures/certificate.ts'
import { type DoctorFeeds, startDoctorFeeds, startSilentServer } from '../../../fixtures/doctor-feeds.ts'
import { expiredCertificate } from '../../../fixtures/expired-certificate.ts'
import { runChecks } from '../../../src/cli/doctor/checks.ts'
import { examine } from '../../../src/cli/doctor/examine.ts'
import { Connections } from '../../../src/node/connections.ts'
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

/** Expects that the status check fails, and that all other checks are skipped. */
function expectOnlyStatus(findings: Findings, message: RegExp, fix: RegExp): void {
  const { status, ...others } = findings
  expect(status).toEqual({
    check: 'status',
    status: 'fail',
    message: expect.stringMatching(message),
    fix: expect.stringMatching(fix),
  })
  expect(Object.values(others).filter((other) => other.status !== 'skip')).toEqual([])
}

describe.concurrent('An endpoint that cannot be reached is reported', () => {
  test('A refused connection is reported', async () => {
    const { origin, close } = await startHttpServer(() => {})
    await close()
    expectOnlyStatus(await diagnose(origin), /^the connection to 127\.0\.0\.1:\d+ was refused$/, /start the server/)
  })

  test('An unknown host is reported', async () => {
    // This top-level domain is reserved, so the name never has an address.
    expectOnlyStatus(
      await diagnose('http://feed.invalid/'),
      /^the host name "feed\.invalid" has no address$|^the DNS server did not answer$/,
      /DNS/,
    )
  })

  test('A self-signed certificate is reported', async () => {
    const dispatcher = new Connections()
    const url = `${secureFeeds.origin}/short`
    const findings = runChecks(await examine({ url, init: { dispatcher } }, { time, origin: undefined }))
    dispatcher.destroy()
    expect(findings[0]).toMatchObject({
      status: 'fail',
      message: /^the certificate is self-signed/,
      fix: /--cacert/,
    })
  })

  test('An expired certificate is reported with its date', async () => {
    const server = createServer({ cert: expiredCertificate, key })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const dispatcher = new Connections({ tls: { ca: expiredCertificate } })
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const findings = runChecks(await examine({ url, init: { dispatcher } }, { time, origin: undefined }))
    dispatcher.destroy()
    server.close()
    expect(findings[0]).toMatchObject({
      status: 'fail',
      message: 'the certificate expired on 2020-01-01',
      fix: 'renew the certificate',
    })
  })

  test('TLS to a port without TLS is reported', async () => {
    const url = feeds.origin.replace('http:', 'https:')
    expectOnlyStatus(await diagnose(url), /^TLS failed \(the port does not speak TLS\)$/, /use http:\/\//)
  })

  test('HTTP to a TLS port is reported', async () => {
    const url = secureFeeds.origin.replace('https:', 'http:')
    expectOnlyStatus(await diagnose(url), /^the port expects TLS$/, /^use https:\/\/127\.0\.0\.1:\d+\/$/)
  })

  test('A server of another protocol is reported', async () => {
    const server = await startSilentServer('220 mail.example ESMTP\r\n')
    expectOnlyStatus(await diagnose(server.origin), /^the response is not HTTP$/, /another protocol/)
    await server.close()
  })

  test('A server that closes the connection is reported', async () => {
    const { origin, close } = await startHttpServer((request) => request.socket.destroy())
    expectOnlyStatus(await diagnose(origin), /^the connection was closed before the response$/, /log/)
    await close()
  })

  test('A server that never answers is reported', async () => {
    expectOnlyStatus(await diagnose(silent.origin, { time }), /^connected, but no response in 2 s$/, /flushHeaders/)
  })

  test('A server that never completes the TLS handshake is reported', async () => {
    const url = silent.origin.replace('http:', 'https:')
    expectOnlyStatus(await diagnose(url, { time }), /^no connection in 2 s$/, /accepts connections/)
  })
})

describe.concurrent('An endpoint that sends too much is cut off', () => {
  test.each(['/flood', '/garbage', '/gzip-bomb'])('The examination of %s ends at the maximum size', async (route) => {
    const dispatcher = new Connections()
    const examination = await examine(
      { url: feeds.origin + route, init: { dispatcher } },
      { time: 30_000, origin: undefined },
    )
    dispatcher.destroy()
    expect(runChecks(examination).find(({ check }) => check === 'connection')).toEqual({
      check: 'connection',
      status: 'ok',
      message: expect.stringMatching(/^[45],\d{3},\d{3} bytes in .+; no more were examined$/),
    })
  })
})
