import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type DoctorFeeds, startDoctorFeeds } from '../../../fixtures/doctor-feeds.ts'
import type { CheckName } from '../../../src/cli/doctor/checks.ts'
import type { Status } from '../../../src/cli/doctor/verdict.ts'
import { type DiagnoseOptions, diagnose, type Findings } from './diagnose.ts'

let feeds: DoctorFeeds
let secureFeeds: DoctorFeeds
let sharedFeeds: DoctorFeeds

beforeAll(async () => {
  feeds = await startDoctorFeeds('http')
  secureFeeds = await startDoctorFeeds('https')
  sharedFeeds = await startDoctorFeeds('http2')
})
afterAll(() => Promise.all([feeds, secureFeeds, sharedFeeds].map((started) => started.close())))

const page = 'https://app.example'

/** For feeds that have to be watched for some time: several of their events come in it on a busy machine, too. */
const watched = { time: 4_000 }

test.concurrent('a sound endpoint passes every check', async () => {
  const findings = await diagnose(`${sharedFeeds.origin}/sound`, { ...watched, origin: page })
  expect(Object.values(findings).filter(({ status }) => status !== 'ok')).toEqual([])
})

/** The names of the checks that failed. */
const failed = (findings: Findings): string[] =>
  Object.values(findings).flatMap(({ check, status }) => (status === 'fail' ? check : []))

type Fault = readonly [route: string, check: CheckName, status: Status, seen: RegExp, mend?: RegExp]

/** Faults that more than one check tells of. */
const alsoFailed: Readonly<Record<string, readonly CheckName[]>> = {
  '/redirect-loop': ['status', 'redirects'],
  '/redirect-nowhere': ['status', 'redirects'],
  '/garbage': ['blank-line', 'utf-8'],
}

async function expectFault([route, check, status, seen, mend = /./]: Fault, options: DiagnoseOptions): Promise<void> {
  const findings = await diagnose(feeds.origin + route, options)
  expect(findings[check]).toEqual({
    check,
    status,
    seen: expect.stringMatching(seen),
    mend: expect.stringMatching(mend),
  })
  // No other check takes the fault for one of its own.
  expect(failed(findings)).toEqual(alsoFailed[route] ?? (status === 'fail' ? [check] : []))
}

describe.concurrent('a fault is found, and the check passes where it is not', () => {
  const faults: readonly Fault[] = [
    ['/missing', 'status', 'fail', /^404 Not Found: "There is nothing here\."$/, /path/],
    ['/no-content', 'status', 'fail', /^204/, /stop/],
    ['/unavailable', 'status', 'fail', /^503 .+Come again later/, /200/],
    ['/redirect', 'redirects', 'warn', /^302 to http:.+\/short$/, /ask for http:.+\/short/],
    ['/redirect-loop', 'redirects', 'fail', /more than 20/],
    ['/redirect-nowhere', 'redirects', 'fail', /301 without a Location/],
    ['/html', 'content-type', 'fail', /text\/html.+login/, /Content-Type: text\/event-stream/],
    ['/no-content-type', 'content-type', 'fail', /missing/],
    ['/latin-1', 'charset', 'fail', /iso-8859-1/, /UTF-8/],
    ['/cached', 'cache-control', 'fail', /max-age=3600/, /Cache-Control: no-store/],
    ['/from-a-cache', 'cache-control', 'fail', /Age: 120/],
    ['/no-cache-control', 'cache-control', 'warn', /no Cache-Control/, /Cache-Control: no-store/],
    ['/without-chunks', 'http-version', 'warn', /without chunks/, /chunked/],
    ['/torn', 'connection', 'fail', /broke off after/],
    ['/short', 'connection', 'warn', /the server ended it/],
    ['/unknown-coding', 'compression', 'fail', /snappy/],
    ['/broken-gzip', 'compression', 'fail', /gzip.+incorrect header check/],
    ['/asks-for-buffering', 'buffering', 'fail', /X-Accel-Buffering: yes/, /X-Accel-Buffering: no/],
    ['/content-length', 'buffering', 'fail', /Content-Length/],
    ['/clumps', 'buffering', 'warn', /clumps/, /if the server does not send them so.+proxy_buffering off/],
    ['/no-last-blank-line', 'blank-line', 'fail', /ended before the empty line/, /empty line/],
    ['/invalid-utf-8', 'utf-8', 'fail', /line 1, byte 9/, /UTF-8/],
    ['/garbage', 'utf-8', 'fail', /line 1, byte 0/],
    ['/garbage', 'blank-line', 'fail', /no event was complete/],
    ['/broken-json', 'json', 'fail', /1 of 2 payloads .+\{\\"number\\":2,\}" at line 3, byte 20/],
    ['/unknown-field', 'fields', 'fail', /"priority" at line 2, byte 8/, /event, data, id and retry/],
    ['/capital-field', 'fields', 'fail', /"Data"/, /lower case/],
    ['/unprefixed-line', 'fields', 'fail', /"second line" at line 2/, /data: before every line/],
    ['/no-ids', 'ids', 'warn', /no event has one/],
    ['/same-ids', 'ids', 'fail', /"1" came more than once/],
    ['/nul-in-id', 'ids', 'fail', /NUL/],
    ['/begins-again', 'resumption', 'fail', /after "3": it began again, with "1"/, /Last-Event-ID/],
    ['/sends-it-again', 'resumption', 'fail', /after "3": that event came again/],
    ['/skips-events', 'resumption', 'fail', /after "3": "5" came, and not "4"/],
    ['/refuses-to-resume', 'resumption', 'fail', /after "3": status 400/],
    ['/retry-in-words', 'retry', 'fail', /"3s"/, /milliseconds/],
    ['/retry-at-once', 'retry', 'warn', /0 ms/],
    ['/retry-never', 'retry', 'fail', /99,999,999,999 ms/],
  ]

  for (const fault of faults) test(`${fault[0]}: ${fault[1]}`, () => expectFault(fault, {}))

  const timely: readonly Fault[] = [
    ['/no-answer', 'status', 'fail', /no response in 4 s/, /flushHeaders/],
    [
      '/gzip-not-flushed',
      'compression',
      'fail',
      /gzip: no event in 4 s; without compression, \d+ events came/,
      /flush/,
    ],
    ['/no-blank-line', 'blank-line', 'fail', /no event was complete/, /empty line/],
    ['/late-blank-line', 'blank-line', 'fail', /data waited up to/, /empty line/],
    ['/silence', 'keep-alive', 'warn', /no comment in [\d.]+ s, silent for/, /15 s/],
    ['/no-body', 'keep-alive', 'warn', /no comment in [\d.]+ s, silent for/],
  ]

  for (const fault of timely) test(`${fault[0]}: ${fault[1]}`, () => expectFault(fault, watched))

  test('compression that is flushed', async () => {
    const { compression, buffering } = await diagnose(`${feeds.origin}/gzip-flushed`, watched)
    expect(compression).toEqual({ check: 'compression', status: 'ok', seen: 'gzip, flushed after each event' })
    expect(buffering.status).toBe('ok')
  })

  test('HTTP/1.1 over TLS', async () => {
    const findings = await diagnose(`${secureFeeds.origin}/short`)
    expect(findings['http-version']).toMatchObject({ status: 'warn', seen: 'HTTP/1.1, over TLS' })
    expect(findings['connection-limit']).toMatchObject({
      status: 'warn',
      seen: expect.stringMatching(/6 connections/),
      mend: expect.stringMatching(/HTTP\/2/),
    })
  })
})
