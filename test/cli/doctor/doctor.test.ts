import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type DoctorFeeds, startDoctorFeeds, startSilentServer } from '../../../fixtures/doctor-feeds.ts'
import { startHttpServer } from '../../http-server.ts'
import { killCommands, runCommand, startCommand } from '../command.ts'

let feeds: DoctorFeeds

beforeAll(async () => {
  feeds = await startDoctorFeeds()
})
afterAll(() => feeds.close())
afterEach(killCommands)

const names = [
  'status',
  'redirects',
  'content-type',
  'charset',
  'cache-control',
  'http-version',
  'connection',
  'compression',
  'buffering',
  'blank-line',
  'utf-8',
  'json',
  'fields',
  'ids',
  'resumption',
  'retry',
  'keep-alive',
  'cors',
  'preflight-last-event-id',
  'preflight-authorization',
  'connection-limit',
]

interface Report {
  readonly counts: Readonly<Record<string, number>>
  readonly findings: readonly { readonly check: string; readonly status: string; readonly seen: string }[]
}

/** The report as JSON, and what the command exits with. */
async function examine(...commandLine: readonly string[]) {
  const { stdout, stderr, exitCode } = await runCommand(['doctor', '--json', ...commandLine])
  expect(stderr).toBe('')
  const report = JSON.parse(stdout) as Report
  const find = (name: string) => report.findings.find(({ check }) => check === name)
  return { report, find, exitCode }
}

describe('the report', () => {
  test('has a line for each check, and below it how to mend what was seen', async () => {
    const { stdout, stderr, exitCode } = await runCommand(['doctor', `${feeds.origin}/same-ids`])
    expect(stderr).toBe('')
    const lines = stdout.split('\n')
    expect(lines[0]).toBe(`${feeds.origin}/same-ids, observed for 10 s at the most`)
    const checks = lines.filter((line) => /^(ok|warn|FAIL|skip) /.test(line))
    expect(checks.map((line) => line.split(/ +/)[1])).toEqual(names)
    const mendings = lines.flatMap((line, index) => (/^ +mend: /.test(line) ? lines[index - 1]?.split(/ +/)[0] : []))
    expect(mendings).toEqual(
      checks.map((line) => line.split(' ')[0]).filter((mark) => mark === 'warn' || mark === 'FAIL'),
    )
    expect(stdout).toContain('FAIL  ids                      "1" came more than once\n')
    const count = (mark: string) => checks.filter((line) => line.startsWith(mark)).length
    expect(lines.slice(-2)).toEqual([
      `1 failed, ${count('warn')} to look at, ${count('ok')} ok, ${count('skip')} skipped`,
      '',
    ])
    expect(stdout).not.toContain('\u001b')
    expect(exitCode).toBe(1)
  })

  test('is one JSON document', async () => {
    const { report, exitCode } = await examine(
      `${feeds.origin}/same-ids`,
      '--seconds',
      '2.5',
      '--origin',
      'https://app.example/',
    )
    expect(report).toMatchObject({
      url: `${feeds.origin}/same-ids`,
      method: 'GET',
      origin: 'https://app.example',
      seconds: 2.5,
    })
    expect(report.findings.map(({ check }) => check)).toEqual(names)
    expect(Object.keys(report.counts)).toEqual(['ok', 'warn', 'fail', 'skip'])
    expect(exitCode).toBe(1)
  })

  test('of an endpoint at which no check fails', async () => {
    const { report, exitCode } = await examine(`${feeds.origin}/short`)
    expect(report.counts['fail']).toBe(0)
    expect(exitCode).toBe(0)
  })

  test('tells no secret of the URL', async () => {
    const url = new URL(`${feeds.origin}/short?token=abc123`)
    Object.assign(url, { username: 'me', password: 'secret' })
    const { stdout } = await runCommand(['doctor', url.href])
    expect(stdout).not.toMatch(/secret|abc123/)
  })
})

describe('the request options', () => {
  test('say how the endpoint is asked', async () => {
    const requests: unknown[] = []
    const server = await startHttpServer((request, response) => {
      requests.push([request.method, request.headers['x-tenant'], request.headers.authorization])
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('id: 1\ndata: 1\n\nid: 2\ndata: 2\n\n')
      response.end()
    })
    const given = ['-H', 'X-Tenant: acme', '-d', '{"question":1}', '--bearer-command', 'echo token']
    const { report, find } = await examine(server.origin, ...given)
    await server.close()
    expect(report).toMatchObject({ method: 'POST' })
    // What it does, it may do twice, so it is not asked for again.
    expect(requests).toEqual([['POST', 'acme', 'Bearer token']])
    expect(find('resumption')).toEqual({ check: 'resumption', status: 'skip', seen: 'a POST is not sent twice' })
  })

  test('the ID in the query', async () => {
    const header = await examine(`${feeds.origin}/after`)
    expect(header.find('resumption')).toMatchObject({ status: 'fail' })
    const query = await examine(`${feeds.origin}/after`, '--id-param', 'after')
    expect(query.find('resumption')).toMatchObject({
      status: 'ok',
      seen: 'asked again after "3", and it went on with "4"',
    })
  })

  test('a certificate of its own, and HTTP/2', async () => {
    const secureFeeds = await startDoctorFeeds('http2')
    const refused = await examine(`${secureFeeds.origin}/short`)
    expect(refused.find('status')).toMatchObject({
      seen: expect.stringMatching(/^the certificate is signed by itself/),
    })
    const accepted = await examine(`${secureFeeds.origin}/short`, '--insecure', '--origin', 'https://app.example')
    expect(accepted.find('http-version')).toMatchObject({ status: 'ok', seen: 'HTTP/2' })
    expect(accepted.find('connection-limit')).toMatchObject({ status: 'ok' })
    expect(accepted.find('resumption')).toMatchObject({ status: 'ok' })
    await secureFeeds.close()
  })

  test('a bearer command that fails', async () => {
    const given = ['doctor', `${feeds.origin}/short`, '--bearer-command', 'exit 3']
    expect(await runCommand(given)).toMatchObject({
      stdout: '',
      stderr: 'everysource: --bearer-command ended with exit code 3\n',
      exitCode: 1,
    })
  })

  test('the patience of a client', async () => {
    const { find } = await examine(`${feeds.origin}/silence`, '--seconds', '2', '--idle-timeout', '0.5')
    expect(find('keep-alive')).toMatchObject({
      status: 'fail',
      seen: expect.stringMatching(/more than --idle-timeout/),
    })
  })
})

test('a server that never lets a connection come about does not keep the command', async () => {
  const silent = await startSilentServer()
  const url = silent.origin.replace('http:', 'https:')
  let time = Infinity
  // What would keep it does so for ten seconds in each run; a busy machine does not.
  for (let run = 1; run <= 3 && time > 5_000; run++) {
    const command = startCommand(['doctor', url, '--seconds', '1'])
    await command.printed(1)
    const printed = performance.now()
    const { stdout, exitCode } = await command.result
    time = performance.now() - printed
    expect(stdout).toMatch(/^FAIL {2}status +no connection in 1 s$/m)
    expect(exitCode).toBe(1)
  }
  await silent.close()
  expect(time).toBeLessThan(5_000)
})

test.each([
  [[], 'no URL was given; --help says more'],
  [['localhost:3000/feed'], expect.stringMatching(/did you mean http:\/\/localhost:3000\/feed\?/)],
  [['http://localhost/', '--second', '3'], 'unknown option --second; did you mean --seconds?'],
  [['http://localhost/', '--seconds', '0'], '--seconds is "0", not a number from 1 to 3600'],
  [['http://localhost/', '--seconds', 'ten'], expect.stringMatching(/^--seconds is "ten", not a number of seconds/)],
  [
    ['http://localhost/', '--origin', 'app.example'],
    '--origin is "app.example", not an origin such as https://app.example',
  ],
  [
    ['http://localhost/', '--origin', 'https://app.example/page'],
    expect.stringMatching(/^--origin is .+, not an origin/),
  ],
])('a mistake in the command line: %j', async (commandLine, message) => {
  const { stdout, stderr, exitCode } = await runCommand(['doctor', ...commandLine])
  expect([stdout, exitCode]).toEqual(['', 2])
  expect(stderr.split('\n')).toEqual([expect.stringMatching(/^everysource: /), ''])
  expect(stderr.trim().replace('everysource: ', '')).toEqual(message)
})

test('--help', async () => {
  const { stdout, exitCode } = await runCommand(['doctor', '--help'])
  expect(exitCode).toBe(0)
  expect(stdout).toMatch(/^Usage: everysource doctor \[options\] URL\n/)
  for (const option of ['--seconds', '--origin', '--json', '--header', '--bearer-command'])
    expect(stdout).toContain(option)
  expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120)
})
