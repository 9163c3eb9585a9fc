import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startDoctorFeeds } from '../../../fixtures/doctor-feeds.ts'
import { listen } from '../../../fixtures/listen.ts'
import manifest from '../../../package.json' with { type: 'json' }
import { nodeExecutable, nodeMajors } from '../../runtimes/binaries.ts'
import { killCommands, runCommand, startCommand } from '../command.ts'
import { ended, open, refused, startFeed } from '../feed.ts'

let directory: string
let state: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'everysource-listen-'))
  state = join(directory, 'state')
})
afterEach(async () => {
  killCommands()
  await rm(directory, { recursive: true, force: true })
})

const events = `data: {"n":1}

id: 2
event: tick
data: {
data:  "n": 2
data: }

id: 3
data: žluťoučký "🦄"

event: tick
data: [DONE]

data: too late

`

describe('The command prints events', () => {
  const lines = [
    '{"event":"message","id":"","data":"{\\"n\\":1}"}\n',
    '{"event":"tick","id":"2","data":"{\\n \\"n\\": 2\\n}"}\n',
    '{"event":"message","id":"3","data":"žluťoučký \\"🦄\\""}\n',
    '{"event":"tick","id":"3","data":"[DONE]"}\n',
    '{"event":"message","id":"3","data":"too late"}\n',
  ]

  test.for([
    ['prints a line of JSON for every event', [], lines],
    ['prints only payloads with --data', ['--data'], ['{"n":1}\n{\n "n": 2\n}\nžluťoučký "🦄"\n[DONE]\ntoo late\n']],
    ['exits after as many events as --max-events says', ['--max-events', '2'], lines.slice(0, 2)],
    ['prints only events with the name of --event', ['--event', 'tick'], [lines[1], lines[3]]],
    ['prints events with any of several names', ['--event', 'tick', '--event', 'message'], lines],
    ['prints events without a name with --event message', ['--event', 'message'], [lines[0], lines[2], lines[4]]],
    ['prints the events before the one of --until', ['--until', '[DONE]'], lines.slice(0, 3)],
    [
      'exits at the payload of --until even if --event does not select that event',
      ['--event', 'message', '--until', '[DONE]'],
      [lines[0], lines[2]],
    ],
    ['counts only printed events for --max-events', ['--event', 'tick', '--max-events', '1'], [lines[1]]],
    ['prints each payload on one line with --json', ['--json', '--max-events', '2'], ['{"n":1}\n{  "n": 2 }\n']],
  ] as const)('The command %s', async ([, options, expected]) => {
    await using feed = await startFeed([ended(events)])
    const result = await runCommand([...options, '-X', 'POST', feed.origin])
    expect(result).toEqual({ stdout: expected.join(''), stderr: '', exitCode: 0, signal: null })
  })

  test('The option --json keeps numbers exact, reports payloads that are not JSON, and then leads to exit code 1', async () => {
    const mixed = 'data: 12345678901234567890.10\n\nid: 5\ndata: {"a":\n\nid: 6\ndata: null\n\n'
    await using feed = await startFeed([ended(mixed)])
    expect(await runCommand(['--json', '--quiet', '--state', state, '-d', '', feed.origin])).toEqual({
      stdout: '12345678901234567890.10\nnull\n',
      stderr:
        'everysource: the payload is not JSON, so the event was not printed: {"event":"message","id":"5","data":"{\\"a\\":"}\n',
      exitCode: 1,
      signal: null,
    })
    expect(await readFile(state, 'utf8')).toBe('6\n')
  })

  test('The command runs in every supported version of Node', async () => {
    for (const major of nodeMajors) {
      const node = nodeExecutable(major)
      if (!node && process.env['CI']) throw new Error(`Node ${major} is not installed`)
      if (!node) console.warn(`SKIPPED in Node ${major}, which is not installed`)
      if (!node) continue
      await using feed = await startFeed([open(events)])
      const result = await runCommand(['--until', '[DONE]', '--state', join(directory, `${major}`), feed.origin], {
        node,
      })
      expect(result).toEqual({ stdout: lines.slice(0, 3).join(''), stderr: '', exitCode: 0, signal: null })
      expect(await readFile(join(directory, `${major}`), 'utf8')).toBe('3\n')
    }
  })
})

describe('The command ends in a defined way', () => {
  test('The end of a response to GET is followed by a request with the last event ID', async () => {
    await using feed = await startFeed([ended('retry: 100\nid: 1\ndata: one\n\n'), open('id: 2\ndata: two\n\n')])
    const { stdout, stderr, exitCode } = await runCommand(['--data', '--max-events', '2', feed.origin])
    expect([stdout, exitCode]).toEqual(['one\ntwo\n', 0])
    expect(stderr).toMatch(/^everysource: the server ended the stream; reconnecting in 0\.1 s\n$/)
    expect(feed.requests.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, '1'])
  })

  test('The command exits with code 0 after status 204', async () => {
    await using feed = await startFeed([ended('retry: 1\ndata: one\n\n'), refused(204)])
    expect(await runCommand(['--data', '--quiet', feed.origin])).toEqual({
      stdout: 'one\n',
      stderr: '',
      exitCode: 0,
      signal: null,
    })
  })

  test('The command exits with code 1 if the stream ends without the payload of --until', async () => {
    await using feed = await startFeed([ended('data: one\n\n')])
    expect(await runCommand(['--data', '--until', '[DONE]', '-d', 'x', feed.origin])).toEqual({
      stdout: 'one\n',
      stderr: 'everysource: the stream ended without "[DONE]"\n',
      exitCode: 1,
      signal: null,
    })
  })

  test.for([
    ['SIGINT', 130],
    ['SIGTERM', 0],
    ['SIGHUP', 0],
  ] as const)('%s ends an open stream with exit code %d', async ([signal, exitCode]) => {
    await using feed = await startFeed([open('data: one\n\n')])
    const command = startCommand(['--data', '--until', 'x', feed.origin])
    await command.printed(1)
    command.kill(signal)
    expect(await command.result).toEqual({ stdout: 'one\n', stderr: '', exitCode, signal: null })
  })

  test('SIGTERM ends a connection attempt whose TLS handshake hangs', async () => {
    const sockets = new Set<Socket>()
    const silent = createServer((socket) => sockets.add(socket.on('error', () => socket.destroy()).resume()))
    const port = await listen(silent)
    const command = startCommand([`https://127.0.0.1:${port}`])
    await expect.poll(() => sockets.size).toBe(1)
    command.kill('SIGTERM')
    // Well before the ten seconds after which a connection attempt fails anyway.
    const result = await Promise.race([command.result, pause(8_000, 'still running', { ref: false })])
    expect(result).toEqual({ stdout: '', stderr: '', exitCode: 0, signal: null })
    silent.close()
    for (const socket of sockets) socket.destroy()
  })

  test('SIGINT ends the wait for the next attempt', async () => {
    await using feed = await startFeed([refused(503, '', { 'Retry-After': '1000' })])
    const command = startCommand(['--retry-status', '503', feed.origin])
    await command.reported('reconnecting in 1000.0 s')
    command.kill('SIGINT')
    expect(await command.result).toMatchObject({ stdout: '', exitCode: 130 })
  })

  test('SIGTERM ends a running bearer command', async () => {
    await using feed = await startFeed([])
    const command = startCommand(['--bearer-command', 'echo started >&2; exec sleep 1000', feed.origin])
    await command.reported('started')
    command.kill('SIGTERM')
    expect(await command.result).toEqual({ stdout: '', stderr: 'started\n', exitCode: 0, signal: null })
  })
})

describe('The option --state resumes after the last event', () => {
  test('The ID in the state file takes precedence over --last-event-id', async () => {
    await using feed = await startFeed([open('id: 8\ndata: eight\n\n')])
    const commandLine = ['--state', state, '--last-event-id', '7', '--data', '--max-events', '1', feed.origin]
    await runCommand(commandLine)
    expect(await readFile(state, 'utf8')).toBe('8\n')
    await runCommand(commandLine)
    expect(feed.requests.map(({ headers }) => headers['last-event-id'])).toEqual(['7', '8'])
  })

  test('Events that --event skips advance the state file, except after the last event of --max-events', async () => {
    await using feed = await startFeed([
      ended('id: 1\nevent: a\ndata: 1\n\nid: 2\nevent: b\ndata: 2\n\nid: 3\nevent: a\ndata: 3\n\n'),
    ])
    const commandLine = ['--state', state, '--data', '--event', 'b', '-X', 'POST', feed.origin]
    expect(await runCommand(commandLine)).toMatchObject({ stdout: '2\n', exitCode: 0 })
    expect(await readFile(state, 'utf8')).toBe('3\n')
    await rm(state)
    expect(await runCommand([...commandLine, '--max-events', '1'])).toMatchObject({ stdout: '2\n', exitCode: 0 })
    expect(await readFile(state, 'utf8')).toBe('2\n')
  })

  test('The event of --until does not advance the state file, so that the next run ends there, too', async () => {
    await using feed = await startFeed([open('id: 1\ndata: one\n\nid: 2\ndata: end\n\n')])
    expect(await runCommand(['--state', state, '--until', 'end', '--data', feed.origin])).toMatchObject({
      stdout: 'one\n',
    })
    expect(await readFile(state, 'utf8')).toBe('1\n')
  })

  test('An invalid state file leads to exit code 2 before any request', async () => {
    await using feed = await startFeed([open(events)])
    await writeFile(state, 'two\nlines\n')
    const { stderr, exitCode } = await runCommand(['--state', state, feed.origin])
    expect(stderr).toMatch(/^everysource: --state: \S+ does not hold one line of text, [^\n]+\n$/)
    expect(exitCode).toBe(2)
    expect(feed.requests).toEqual([])
  })
})

test('The option --verbose reports requests, responses and comments without secrets', async () => {
  await using feed = await startFeed([
    (response) =>
      response
        .writeHead(200, { 'Content-Type': 'text/event-stream', 'Set-Cookie': 'session=s3cret', 'X-Kind': 'one' })
        .end(': keep-alive\nretry: 1\nid: 1\ndata: one\n\n'),
    open('data: two\n\n'),
  ])
  const secrets = ['-H', 'Authorization: Bearer s3cret', '-H', 'Cookie: a=s3cret', '-H', 'X-Api-Key: s3cret']
  const urlWithSecrets = `${feed.origin.replace('//', '//user:s3cret@')}/?access_token=s3cret&topic=a%20b`
  const { stdout, stderr } = await runCommand([
    ...secrets,
    '-H',
    'X-Plain: p',
    '--verbose',
    '--data',
    '--max-events',
    '2',
    urlWithSecrets,
  ])
  expect(stdout).toBe('one\ntwo\n')
  expect(stderr).not.toContain('s3cret')
  const reported = stderr.split('\n')
  const url = `${feed.origin}/?access_token=[redacted]&topic=a%20b`
  const expected = [
    `* attempt 1: GET ${url}`,
    '> GET /?access_token=[redacted]&topic=a%20b HTTP/1.1',
    `> host: ${new URL(feed.origin).host}`,
    '> user-agent: everysource',
    '> authorization: [redacted]',
    '> cookie: [redacted]',
    '> x-api-key: [redacted]',
    '> x-plain: p',
    '< HTTP/1.1 200 OK',
    '< set-cookie: [redacted]',
    '< x-kind: one',
    ': keep-alive',
    'everysource: the server ended the stream; reconnecting now',
    `* attempt 2: GET ${url}`,
    '> last-event-id: 1',
  ]
  for (const line of expected) expect(reported).toContainEqual(line)
  expect(feed.requests[0]?.headers.cookie).toBe('a=s3cret')
})

test('The option --verbose reports the version of HTTP/2, and pseudo-headers as the request line', async () => {
  const feeds = await startDoctorFeeds('http2')
  const { stderr } = await runCommand(['-kv', '--max-events', '1', `${feeds.origin}/short?token=s3cret`])
  await feeds.close()
  const reported = stderr.split('\n')
  const { host } = new URL(feeds.origin)
  for (const line of ['> GET /short?token=[redacted] HTTP/2', `> :authority: ${host}`, '< HTTP/2 200 OK']) {
    expect(reported).toContain(line)
  }
  expect(stderr).not.toMatch(/s3cret|:path|:method/)
})

describe('Invalid command lines are refused', () => {
  test.for([
    [
      ['--retry-status', '503,5xx'],
      '--retry-status has "5xx", which is neither a status other than 200 and 204 nor "transient"',
    ],
    [
      ['--retry-status', '204'],
      '--retry-status has "204", which is neither a status other than 200 and 204 nor "transient"',
    ],
    [['--max-events', '0'], '--max-events is "0", not a whole number of at least 1'],
    [['--max-attempts', '1e3'], '--max-attempts is "1e3", not a whole number of at least 1'],
    [['--data', '--json'], '--data and --json exclude each other'],
    [['--data', '--format', 'jsonl'], '--format and --data exclude each other'],
    [['--format', 'xml'], '--format is "xml", not one of pretty, jsonl, data, json, raw'],
    [['--json', '--timestamps'], '--timestamps would make JSON payloads invalid; use --format jsonl, data or pretty'],
    [['--format', 'raw', '--event', 'a'], '--format raw prints bytes, not events, and excludes --event'],
    [['--format', 'raw', '--state', 'a'], '--format raw prints bytes, not events, and excludes --state'],
    [['-q', '-v'], '--quiet and --verbose exclude each other'],
    [['-i'], 'unknown option -i; use -v, which shows the response headers'],
    [['-x', 'a'], 'unknown option -x; use --proxy URL'],
    [['-m', '3'], 'unknown option -m; use --open-timeout and --idle-timeout, or timeout(1)'],
    [['--max-time', '3'], 'unknown option --max-time; use --open-timeout and --idle-timeout, or timeout(1)'],
    [['--data-raw', '{}'], 'unknown option --data-raw; use -d'],
    [['--request', 'POST'], 'unknown option --request; use -X METHOD'],
    [['--max-event', '3'], 'unknown option --max-event; did you mean --max-events?'],
  ] as const)('The options %j lead to one line and exit code 2', async ([options, message]) => {
    expect(await runCommand([...options, 'http://127.0.0.1:9/'])).toEqual({
      stdout: '',
      stderr: `everysource: ${message}\n`,
      exitCode: 2,
      signal: null,
    })
  })
})

test('The option --version prints the version', async () => {
  const stdout = `${manifest.version}\n`
  expect(await runCommand(['--version'])).toEqual({ stdout, stderr: '', exitCode: 0, signal: null })
})

test('The option --help prints all options in lines of at most 120 characters', async () => {
  const { stdout, stderr, exitCode } = await runCommand(['--help'])
  expect([stderr, exitCode]).toEqual(['', 0])
  for (const option of ['-H, --header', '--bearer-command', '--state', '--until', 'everysource demo']) {
    expect(stdout).toContain(option)
  }
  for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(120)
})
