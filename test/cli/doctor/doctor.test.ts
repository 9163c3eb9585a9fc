import { stripVTControlCharacters } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type DoctorFeeds, startDoctorFeeds, startSilentServer } from '../../../fixtures/doctor-feeds.ts'
import { startHttpServer } from '../../http-server.ts'
import { hasTerminal, killCommands, runCommand, startCommand, startOnTerminal } from '../command.ts'

let feeds: DoctorFeeds

beforeAll(async () => {
  feeds = await startDoctorFeeds()
})
afterAll(() => feeds.close())
afterEach(killCommands)

const checkNames = [
  'status',
  'redirects',
  'content-type',
  'charset',
  'cache-control',
  'http-version',
  'connection',
  'compression',
  'buffering',
  'events',
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
  readonly findings: readonly { readonly check: string; readonly status: string; readonly message: string }[]
  readonly recipes: readonly { readonly server: string; readonly lines: readonly string[] }[]
}

/** Runs the command with --json, and returns the report and the exit code. */
async function examine(...commandLine: readonly string[]) {
  const { stdout, stderr, exitCode } = await runCommand(['doctor', '--json', ...commandLine])
  expect(stderr).toBe('')
  const report = JSON.parse(stdout) as Report
  const find = (name: string) => report.findings.find(({ check }) => check === name)
  return { report, find, exitCode }
}

describe('The report says what was found', () => {
  test('The report has a line for each check, and below it how to fix what was found', async () => {
    const { stdout, stderr, exitCode } = await runCommand(['doctor', `${feeds.origin}/same-ids`])
    expect(stderr).toBe('')
    const lines = stdout.split('\n')
    expect(lines[0]).toBe(`${feeds.origin}/same-ids, observed for up to 10 s`)
    const checks = lines.filter((line) => /^(ok|warn|FAIL) /.test(line))
    const skipped = lines.filter((line) => line.startsWith('skip '))
    expect(skipped).toEqual([
      'skip  resumption (needs two events with different ids); keep-alive (0 comments; the stream was too short to check); cors, preflight-last-event-id, preflight-authorization (only with the origin of a page: --origin https://…); connection-limit (not for a server on this machine)',
    ])
    const skippedNames = [
      'resumption',
      'keep-alive',
      'cors',
      'preflight-last-event-id',
      'preflight-authorization',
      'connection-limit',
    ]
    expect(checks.map((line) => line.split(/ +/)[1])).toEqual(checkNames.filter((name) => !skippedNames.includes(name)))
    const fixes = lines.flatMap((line, index) => (/^ +fix: /.test(line) ? lines[index - 1]?.split(/ +/)[0] : []))
    expect(fixes).toEqual(checks.map((line) => line.split(' ')[0]).filter((mark) => mark === 'warn' || mark === 'FAIL'))
    expect(stdout).toContain('FAIL  ids                      more than one event has the id "1"\n')
    expect(stdout).toMatch(/\n1 failed, 1 warning, 14 ok, 6 skipped\n$/)
    expect(stdout).not.toContain('\u001b')
    expect(exitCode).toBe(1)
  })

  test.skipIf(!hasTerminal).for([60, 80, 120])('Lines are wrapped to a terminal of %d columns', async (columns) => {
    const command = ['doctor', `${feeds.origin}/no-cors`, '--origin', 'https://app.example']
    const { stdout } = await startOnTerminal(command, { columns }).result
    const lines = stripVTControlCharacters(stdout)
      .split('\r\n')
      .filter((line) => !line.startsWith('everysource:'))
    const words = stdout.split(/\s+/).map((word) => word.length)
    const indentation = columns < 80 ? 6 : 31
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(
      Math.max(columns, indentation + Math.max(...words)),
    )
    expect(lines.join(' ').replace(/\s+/g, ' ')).toContain(
      'fix: send Access-Control-Allow-Origin: https://app.example, or * if any page may read the stream',
    )
  })

  test('The recipe for a recognized server follows a failure', async () => {
    const server = await startHttpServer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream', server: 'nginx', 'x-accel-buffering': 'yes' })
      response.end('data: 1\n\n')
    })
    const { stdout } = await runCommand(['doctor', server.origin])
    const { report } = await examine(server.origin)
    await server.close()
    expect(stdout).toMatch(/\n\nFor nginx:\n {2}location \/events \{.+proxy_buffering off;.+\n {2}.+\n\n1 failed/)
    expect(report.recipes.map((recipe) => recipe.server)).toEqual(['nginx'])
  })

  test('The option --server shows a recipe although no check fails', async () => {
    const { stdout, exitCode } = await runCommand(['doctor', `${feeds.origin}/short`, '--server', 'Express'])
    expect(stdout).toContain('\n\nFor Express:\n  response.set(')
    expect(exitCode).toBe(0)
    const without = await runCommand(['doctor', `${feeds.origin}/short`])
    expect(without.stdout).not.toContain('\nFor ')
  })

  test('The option --watch repeats the checks until none fails', async () => {
    let requests = 0
    const server = await startHttpServer((_, response) => {
      requests++
      if (requests === 1) return response.writeHead(500).end()
      return response
        .writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
        .end('data: 1\n\n')
    })
    const { stdout, stderr, exitCode } = await runCommand(['doctor', '--watch', server.origin])
    await server.close()
    expect(stdout.match(/^\d+ failed/gm)).toEqual(['1 failed', '0 failed'])
    expect(stderr).toBe('everysource: checking again in 2 s\n')
    expect(exitCode).toBe(0)
  })

  test('The report is one JSON document with --json', async () => {
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
    expect(report.findings.map(({ check }) => check)).toEqual(checkNames)
    expect(Object.keys(report.counts)).toEqual(['ok', 'warn', 'fail', 'skip'])
    expect(exitCode).toBe(1)
  })

  test('The exit code is 0 if no check fails', async () => {
    const { report, exitCode } = await examine(`${feeds.origin}/short`)
    expect(report.counts['fail']).toBe(0)
    expect(exitCode).toBe(0)
  })

  test('The report contains no secret of the URL', async () => {
    const url = new URL(`${feeds.origin}/short?token=abc123`)
    Object.assign(url, { username: 'me', password: 'secret' })
    const { stdout } = await runCommand(['doctor', url.href])
    expect(stdout).not.toMatch(/secret|abc123/)
  })
})

describe('Request options apply to the doctor, too', () => {
  test('The request has the given headers and body, and a POST is not repeated', async () => {
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
    expect(requests).toEqual([['POST', 'acme', 'Bearer token']])
    expect(find('resumption')).toEqual({
      check: 'resumption',
      status: 'skip',
      message: 'a POST request is not repeated',
    })
  })

  test('The option --id-param resumes with a query parameter', async () => {
    const header = await examine(`${feeds.origin}/after`)
    expect(header.find('resumption')).toMatchObject({ status: 'fail' })
    const query = await examine(`${feeds.origin}/after`, '--id-param', 'after')
    expect(query.find('resumption')).toMatchObject({
      status: 'ok',
      message: 'requested again after "3": continued with "4"',
    })
  })

  test('The option --insecure accepts a self-signed certificate', async () => {
    const secureFeeds = await startDoctorFeeds('http2')
    const refused = await examine(`${secureFeeds.origin}/short`)
    expect(refused.find('status')).toMatchObject({
      message: expect.stringMatching(/^the certificate is self-signed/),
    })
    const accepted = await examine(`${secureFeeds.origin}/short`, '--insecure', '--origin', 'https://app.example')
    expect(accepted.find('http-version')).toMatchObject({ status: 'ok', message: 'HTTP/2' })
    expect(accepted.find('connection-limit')).toMatchObject({ status: 'ok' })
    expect(accepted.find('resumption')).toMatchObject({ status: 'ok' })
    await secureFeeds.close()
  })

  test('A failed bearer command leads to exit code 1', async () => {
    const given = ['doctor', `${feeds.origin}/short`, '--bearer-command', 'exit 3']
    expect(await runCommand(given)).toMatchObject({
      stdout: '',
      stderr: 'everysource: --bearer-command ended with exit code 3\n',
      exitCode: 1,
    })
  })

  test('Silence longer than --idle-timeout is a failure', async () => {
    const { find } = await examine(`${feeds.origin}/silence`, '--seconds', '2', '--idle-timeout', '0.5')
    expect(find('keep-alive')).toMatchObject({
      status: 'fail',
      message: expect.stringMatching(/longer than --idle-timeout/),
    })
  })
})

test('The command exits although a connection attempt is pending', async () => {
  const silent = await startSilentServer()
  const url = silent.origin.replace('http:', 'https:')
  let time = Infinity
  // A pending attempt would delay the exit by ten seconds in every run, a busy machine only in some.
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
  [[], 'a URL is missing; see --help'],
  [['server/feed'], expect.stringMatching(/did you mean http:\/\/server\/feed\?/)],
  [['http://localhost/', '--second', '3'], 'unknown option --second; did you mean --seconds?'],
  [['http://localhost/', '--seconds', '0'], '--seconds is "0", not a number from 1 to 3600'],
  [['http://localhost/', '--server', 'iis'], expect.stringMatching(/^--server is "iis", not one of nginx, apache, /)],
  [['http://localhost/', '--json', '--watch'], '--watch and --json exclude each other'],
  [['http://localhost/', '--seconds', 'ten'], expect.stringMatching(/^--seconds is "ten", not a number of seconds/)],
  [
    ['http://localhost/', '--origin', 'app.example'],
    '--origin is "app.example", not an origin such as https://app.example',
  ],
  [
    ['http://localhost/', '--origin', 'https://app.example/page'],
    expect.stringMatching(/^--origin is .+, not an origin/),
  ],
])('The arguments %j lead to one line and exit code 2', async (commandLine, message) => {
  const { stdout, stderr, exitCode } = await runCommand(['doctor', ...commandLine])
  expect([stdout, exitCode]).toEqual(['', 2])
  expect(stderr.split('\n')).toEqual([expect.stringMatching(/^everysource: /), ''])
  expect(stderr.trim().replace('everysource: ', '')).toEqual(message)
})

test('The option --help prints all options in lines of at most 120 characters', async () => {
  const { stdout, exitCode } = await runCommand(['doctor', '--help'])
  expect(exitCode).toBe(0)
  expect(stdout).toMatch(/^Usage: everysource doctor \[options\] URL\n/)
  expect(stdout).not.toContain('reconnect if')
  expect(stdout).toMatch(/--idle-timeout SECONDS +fail the check/)
  for (const option of ['--seconds', '--origin', '--json', '--header', '--bearer-command'])
    expect(stdout).toContain(option)
  expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120)
})
