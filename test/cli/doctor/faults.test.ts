import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type DoctorFeeds, startDoctorFeeds } from '../../../fixtures/doctor-feeds.ts'
import { eventStreamHead, startFrameServer } from '../../../fixtures/http2/frame-server.ts'
import { encodeFrame, encodeHeaders, frameTypes } from '../../../fixtures/http2/frames.ts'
import type { Status } from '../../../src/cli/doctor/check-result.ts'
import type { CheckName } from '../../../src/cli/doctor/checks.ts'
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

const pageOrigin = 'https://app.example'

/** The options for feeds whose fault needs time: enough for several events on a busy machine. */
const overTime = { time: 4_000 }

test.concurrent('A correct endpoint passes every check', async () => {
  const findings = await diagnose(`${sharedFeeds.origin}/healthy`, { ...overTime, origin: pageOrigin })
  expect(Object.values(findings).filter(({ status }) => status !== 'ok')).toEqual([])
})

/** Returns the names of the checks that failed. */
const failed = (findings: Findings): string[] =>
  Object.values(findings).flatMap(({ check, status }) => (status === 'fail' ? check : []))

type Fault = readonly [route: string, check: CheckName, status: Status, message: RegExp, fix?: RegExp]

/** The checks that fail, for faults that more than one check reports. */
const failedChecks: Readonly<Record<string, readonly CheckName[]>> = {
  '/redirect-loop': ['status', 'redirects'],
  '/redirect-nowhere': ['status', 'redirects'],
  '/garbage': ['events', 'utf-8'],
  '/gzip-twice': ['events', 'utf-8'],
  '/redirect-to-home': ['content-type'],
  '/cookie-loop': ['status', 'redirects'],
  '/redirect-to-login': ['redirects', 'content-type'],
}

async function expectFault([route, check, status, message, fix = /./]: Fault, options: DiagnoseOptions): Promise<void> {
  const findings = await diagnose(feeds.origin + route, options)
  expect(findings[check]).toEqual({
    check,
    status,
    message: expect.stringMatching(message),
    fix: expect.stringMatching(fix),
  })
  // No other check reports the fault.
  expect(failed(findings)).toEqual(failedChecks[route] ?? (status === 'fail' ? [check] : []))
}

describe.concurrent('A fault is reported by its check only', () => {
  const faults: readonly Fault[] = [
    ['/missing', 'status', 'fail', /^404 Not Found: "There is nothing here\."$/, /path/],
    ['/no-content', 'status', 'fail', /^204/, /stop/],
    ['/unavailable', 'status', 'fail', /^503 .+Come again later/, /200/],
    ['/redirect', 'redirects', 'warn', /^302 to \/short$/, /^use http:.+\/short/],
    ['/redirect-loop', 'redirects', 'fail', /^a loop: \/redirect-loop → \/redirect-loop-2 → \/redirect-loop$/],
    ['/redirect-nowhere', 'redirects', 'fail', /301 without Location/],
    ['/redirect-to-login', 'redirects', 'fail', /^302 to \/login, probably a login page$/, /credentials/],
    ['/redirect-to-home', 'redirects', 'warn', /^302 to \/home$/, /^correct the path/],
    ['/cookie-loop', 'redirects', 'fail', /^a loop: /, /-H "Cookie: seen=…"/],
    ['/not-modified', 'status', 'fail', /^304/, /ETag/],
    ['/websocket', 'status', 'fail', /^426/, /WebSocket client/],
    ['/basic-credentials', 'status', 'fail', /^401/, /\(Basic\): -u USER:PASSWORD$/],
    ['/method-not-allowed', 'status', 'fail', /^405 Method Not Allowed$/, /POST, OPTIONS/],
    ['/too-many-requests', 'status', 'fail', /^429/, /Retry-After: 30/],
    [
      '/html',
      'content-type',
      'fail',
      /^"text\/html": "<!doctype html>/,
      /login page.+Content-Type: text\/event-stream/,
    ],
    ['/json-lines', 'content-type', 'fail', /^"application\/x-ndjson": "\{/, /not lines of JSON/],
    ['/no-content-type', 'content-type', 'fail', /no Content-Type/],
    ['/latin-1', 'charset', 'fail', /iso-8859-1/, /UTF-8/],
    ['/cached', 'cache-control', 'fail', /max-age=3600/, /Cache-Control: no-store/],
    ['/from-a-cache', 'cache-control', 'fail', /Age: 120/],
    ['/no-cache-control', 'cache-control', 'warn', /no Cache-Control/, /Cache-Control: no-store/],
    ['/without-chunks', 'http-version', 'warn', /without chunks/, /chunked/],
    ['/torn', 'connection', 'fail', /lost after/],
    ['/short', 'connection', 'warn', /the server ended the response/],
    ['/unknown-coding', 'compression', 'fail', /snappy/],
    ['/rare-coding', 'compression', 'fail', /compress.+this version of Node.+some browsers/],
    ['/broken-gzip', 'compression', 'fail', /gzip.+incorrect header check/],
    ['/asks-for-buffering', 'buffering', 'fail', /X-Accel-Buffering: yes/, /X-Accel-Buffering: no/],
    ['/content-length', 'buffering', 'fail', /Content-Length/],
    ['/clumps', 'buffering', 'warn', /bursts/, /unless the server sends the events like this.+proxy_buffering off/],
    ['/no-last-blank-line', 'blank-line', 'fail', /ended without a blank line/, /blank line/],
    ['/invalid-utf-8', 'utf-8', 'fail', /line 1, byte 9/, /UTF-8/],
    ['/garbage', 'utf-8', 'fail', /line 1, byte 0/],
    ['/garbage', 'events', 'fail', /bytes, but no event: "/],
    ['/page-as-stream', 'events', 'fail', /^55 bytes, but no event: "<!doctype html>/, /login page/],
    ['/json-lines-as-stream', 'events', 'fail', /no event: "\{\\"number\\":1\}/, /begin each line with data:/],
    ['/names-only', 'events', 'fail', /no event: "event: ping/, /data: line/],
    ['/capital-fields-only', 'events', 'fail', /no event: "Data: 1/, /write data: in lower case/],
    ['/ends-with-a-name', 'events', 'fail', /^13 bytes after the last event, .+: "event: done/, /data: line/],
    ['/ids-only', 'events', 'fail', /^21 bytes, but no event: "id: 1\\n/, /data: line/],
    ['/only-comments', 'events', 'fail', /^the response ended without any event$/, /log/],
    ['/nothing', 'events', 'fail', /^the response ended without any event$/, /log/],
    ['/comments-first', 'events', 'fail', /no event: "data: 1\\\\n/, /a backslash and the letter n/],
    ['/html-breaks', 'events', 'fail', /no event: "data: 1<br>/, /line feed .+not with "<br>"/],
    ['/slashes', 'events', 'fail', /no event: "data: 1\/n/, /line feed .+not with "\/n"/],
    ['/url-encoded', 'events', 'fail', /no event: "data: 1%0A/, /line feed .+not with "%0A"/],
    ['/line-separators', 'events', 'fail', /no event: "data: 1\\u2028\\u2028/, /line feed .+not with "\\u2028"/],
    ['/python-bytes', 'events', 'fail', /no event: "b'data: 1/, /Python/],
    ['/json-quoted', 'events', 'fail', /no event: "\\"data: 1/, /do not serialize the whole event/],
    ['/base64', 'events', 'fail', /no event: "ZGF0/, /Base64/],
    ['/gzip-twice', 'events', 'fail', /no event: "/, /still gzip/],
    ['/utf-32', 'events', 'fail', /no event: "d\\u0000\\u0000/, /UTF-32/],
    ['/space-on-the-blank-line', 'events', 'fail', /no event: "data: 1\\n \\n/, /remove " " from the line/],
    ['/space-before-colons', 'events', 'fail', /no event: "data : 1/, /nothing before the colon/],
    ['/equals-signs', 'events', 'fail', /no event: "data=1/, /colon after data/],
    ['/lost-names', 'events', 'fail', /^2 names lost: "tick" in line 1/, /in one block/],
    ['/errors-only', 'events', 'fail', /^1 of 1 event with the name "error": "no such room"/, /another name/],
    ['/undefined', 'events', 'fail', /^2 of 2 events with undefined/, /variable/],
    ['/objects', 'events', 'fail', /^1 of 1 event with the text of an object/, /JSON\.stringify/],
    ['/one-object', 'events', 'warn', /^1 of 2 events with the text of an object/, /JSON\.stringify/],
    ['/data-twice', 'events', 'fail', /^1 of 1 event with the name of a field twice/, /once/],
    ['/php-warning', 'fields', 'fail', /unknown field "<br \/>"/, /PHP error message/],
    ['/php-plain-warning', 'fields', 'fail', /unknown field "Warning" in line 4/, /PHP error message/],
    ['/php-fatal-error', 'events', 'fail', /after the last event, .+: "PHP Fatal error/, /PHP error message/],
    ['/bad-gateway', 'events', 'fail', /after the last event, .+: "Bad Gateway"/, /error message from the server/],
    ['/own-chunk-sizes', 'fields', 'fail', /unknown field "9" in line 1/, /without chunk sizes/],
    ['/two-byte-order-marks', 'fields', 'fail', /unknown field "\\ufeffdata"/, /byte order mark/],
    ['/broken-json', 'json', 'fail', /1 of 2 payloads .+\{\\"number\\":2,\}" in line 3, byte 20/],
    ['/unknown-field', 'fields', 'fail', /"priority" in line 2, byte 8/, /event, data, id and retry/],
    ['/capital-field', 'fields', 'fail', /"Data"/, /lower case/],
    ['/unprefixed-line', 'fields', 'fail', /"second line" in line 2/, /data: before every line/],
    ['/no-ids', 'ids', 'warn', /no event has an id/],
    ['/same-ids', 'ids', 'fail', /more than one event has the id "1"/],
    ['/transactions', 'ids', 'warn', /more than one event has the id "1"/, /group of events/],
    ['/returning-ids', 'ids', 'fail', /more than one event has the id "1"/],
    ['/nul-in-id', 'ids', 'fail', /NUL/],
    ['/begins-again', 'resumption', 'fail', /after "3": the stream started over, with "1"/, /Last-Event-ID/],
    ['/sends-it-again', 'resumption', 'fail', /after "3": the same event came again/],
    ['/skips-events', 'resumption', 'fail', /after "3": "5" came instead of "4"/],
    ['/refuses-to-resume', 'resumption', 'fail', /after "3": status 400/],
    ['/resets-on-resume', 'resumption', 'fail', /after "3": the connection was closed before the response/, /log/],
    ['/retry-in-words', 'retry', 'fail', /"3s"/, /milliseconds/],
    ['/retry-at-once', 'retry', 'warn', /0 ms/],
    ['/retry-never', 'retry', 'fail', /99,999,999,999 ms/],
  ]

  for (const fault of faults) test(`The check ${fault[1]} reports ${fault[0]}`, () => expectFault(fault, {}))

  const faultsOverTime: readonly Fault[] = [
    ['/no-answer', 'status', 'fail', /no response in 4 s/, /flushHeaders/],
    [
      '/gzip-not-flushed',
      'compression',
      'fail',
      /gzip: no event in 4 s; without compression, \d+ events arrived/,
      /flush/,
    ],
    ['/literal-newlines', 'events', 'fail', /no event: "data: 1\\\\n\\\\ndata: 2/, /a backslash and the letter n/],
    ['/utf-16', 'events', 'fail', /no event: "d\\u0000/, /UTF-8/],
    [
      '/then-literal-newlines',
      'events',
      'fail',
      /after the last event, .+: "data: 2\\\\n/,
      /a backslash and the letter n/,
    ],
    ['/then-html-breaks', 'events', 'fail', /after the last event, .+: "data: 2<br>/, /not with "<br>"/],
    ['/then-names-only', 'events', 'fail', /after the last event, .+: "event: tick/, /data: line/],
    ['/then-no-blank-line', 'events', 'fail', /after the last event, .+: "data: 2\\n/, /blank line/],
    ['/endless-retry', 'events', 'fail', /no event: "retry: 3000/, /data: line/],
    ['/blank-lines-only', 'events', 'fail', /no event: "\\n/, /blank line alone/],
    ['/commented-out', 'events', 'fail', /no event: ": data: /, /remove the colon/],
    ['/commented-out-without-space', 'events', 'fail', /no event: ":data: /, /remove the colon/],
    ['/no-blank-line', 'events', 'fail', /no event: "data: 1\\ndata: 2/, /blank line/],
    ['/late-blank-line', 'blank-line', 'fail', /data waited up to/, /blank line/],
    ['/samples', 'buffering', 'warn', /late and together|in bursts/, /^unless the server sends the events like this/],
  ]

  for (const fault of faultsOverTime)
    test(`The check ${fault[1]} reports ${fault[0]}`, () => expectFault(fault, overTime))

  test.for<[route: string, check: CheckName, message: RegExp]>([
    ['/ends-with-retry', 'events', /^1 event$/],
    ['/data-url', 'events', /^1 event$/],
    ['/large-first-event', 'events', /^the first event is larger than 4,\d{3},\d{3} bytes; no more were examined$/],
    ['/large-first-json', 'events', /^the first event is larger/],
    ['/separate-ids', 'ids', /^6 ids, all different$/],
    ['/separate-ids', 'resumption', /continued with "4"$/],
    ['/templates', 'json', /^no JSON payloads$/],
    ['/tokens', 'json', /^no JSON payloads$/],
  ])('The stream %s passes the check %s', async ([route, check, message]) => {
    const findings = await diagnose(feeds.origin + route)
    expect(failed(findings)).toEqual([])
    expect(findings[check].message).toMatch(message)
  })

  test('The response to a POST needs no ids', async () => {
    const { ids } = await diagnose(`${feeds.origin}/no-ids`, { init: { method: 'POST', body: '{}' } })
    expect(ids.status).toBe('skip')
  })

  test.for(['/silence', '/no-body'])('The silence of %s is too short to be a fault', async (route) => {
    const findings = await diagnose(feeds.origin + route, overTime)
    expect(failed(findings)).toEqual([])
    expect(findings['keep-alive']).toMatchObject({
      status: 'skip',
      message: expect.stringMatching(/^0 comments in [\d.]+ s; silent for .+ too short to check; use --seconds 60$/),
    })
  })

  test('Comments after the last event pass', async () => {
    const findings = await diagnose(`${feeds.origin}/then-comments`, overTime)
    expect(failed(findings)).toEqual([])
    expect(findings.events.message).toBe('1 event')
  })

  test('Compression that is flushed passes', async () => {
    const { compression, buffering } = await diagnose(`${feeds.origin}/gzip-flushed`, overTime)
    expect(compression).toEqual({ check: 'compression', status: 'ok', message: 'gzip, flushed after each event' })
    expect(buffering.status).toBe('ok')
  })

  test('The report about a JSON response to a POST suggests asking for a stream', async () => {
    const init = { method: 'POST', body: '{"model":"m"}' }
    const { 'content-type': contentType } = await diagnose(`${feeds.origin}/json`, { init })
    expect(contentType).toMatchObject({
      status: 'fail',
      message: '"application/json": "{\\"answer\\":\\"no stream\\"}"',
      fix: expect.stringMatching(/"stream": true/),
    })
  })

  test('A stream that is reset without END_STREAM is lost, whatever the error code', async () => {
    const server = await startFrameServer({
      request(connection, stream) {
        connection.send(
          eventStreamHead(stream),
          encodeFrame(frameTypes.DATA, 0, stream, Buffer.from('data: 1\n\n')),
          encodeFrame(frameTypes.RST_STREAM, 0, stream, Buffer.alloc(4)),
        )
      },
    })
    const { connection, events } = await diagnose(server.origin)
    await server.close()
    expect(events).toMatchObject({ status: 'ok', message: '1 event' })
    expect(connection).toMatchObject({
      status: 'fail',
      message: expect.stringMatching(/^lost after .+: the server reset the stream \(NO_ERROR\) before the end/),
      fix: expect.stringMatching(/END_STREAM/),
    })
  })

  test('A response over HTTP/2 that is longer than its Content-Length is an error', async () => {
    const server = await startFrameServer({
      request(connection, stream) {
        connection.send(
          encodeHeaders(stream, { ':status': '200', 'content-type': 'text/event-stream', 'content-length': '9' }),
          encodeFrame(frameTypes.DATA, 0, stream, Buffer.from('data: 1\n\n')),
          encodeFrame(frameTypes.DATA, 0, stream, Buffer.from('data: 2\n\n')),
        )
      },
    })
    const { connection } = await diagnose(server.origin)
    await server.close()
    expect(connection).toMatchObject({
      status: 'fail',
      message: expect.stringMatching(
        /^lost after .+: the stream was reset \(PROTOCOL_ERROR\), by the server or because/,
      ),
      fix: expect.stringMatching(/Content-Length/),
    })
  })

  test('HTTP/1.1 over TLS is a warning', async () => {
    const findings = await diagnose(`${secureFeeds.origin}/short`)
    expect(findings['http-version']).toMatchObject({ status: 'warn', message: 'HTTP/1.1 over TLS' })
  })
})
