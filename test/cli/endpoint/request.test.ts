import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { certificate } from '../../../fixtures/certificate.ts'
import { startForwardProxy } from '../../../fixtures/forward-proxy.ts'
import { startSocksProxy } from '../../../fixtures/socks-proxy.ts'
import { killCommands, runCommand, runScript, startCommand } from '../command.ts'
import { ended, open, refused, startFeed } from '../feed.ts'

const event = 'id: 7\ndata: hello\n\n'
const line = '{"event":"message","id":"7","data":"hello"}\n'
const success = { stdout: line, stderr: '', exitCode: 0, signal: null }

let directory: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'everysource-request-'))
})
afterEach(async () => {
  killCommands()
  await rm(directory, { recursive: true, force: true })
})

async function file(name: string, content: string): Promise<string> {
  const path = join(directory, name)
  await writeFile(path, content)
  return path
}

describe('The request has the options of the command line', () => {
  test('The request is a GET with the given headers, including repeated ones', async () => {
    await using feed = await startFeed([open(event)])
    const headers = ['-H', 'X-One: 1', '--header', 'X-One:2', '-HX-Two: a:b ', '-H', 'X-Empty:', '-H', 'User-Agent: me']
    expect(await runCommand([...headers, '--max-events', '1', `${feed.origin}/a?b=c`])).toEqual(success)
    expect(feed.requests).toEqual([expect.objectContaining({ method: 'GET', url: '/a?b=c' })])
    expect(feed.requests[0]?.headers).toMatchObject({
      'x-one': '1, 2',
      'x-two': 'a:b',
      'x-empty': '',
      'user-agent': 'me',
      accept: 'text/event-stream',
    })
    expect(feed.requests[0]?.headers).not.toHaveProperty('last-event-id')
  })

  test('The request has the last event ID as a header or as a query parameter', async () => {
    await using feed = await startFeed([open(event)])
    const common = ['--max-events', '1', '--last-event-id', '6 é', `${feed.origin}/?a=b`]
    await runCommand(common)
    await runCommand(['--id-param', 'since', ...common])
    expect(feed.requests[0]?.headers['last-event-id']).toBe(Buffer.from('6 é').toString('latin1'))
    expect(feed.requests[1]?.headers).not.toHaveProperty('last-event-id')
    expect(feed.requests[1]?.url).toBe('/?a=b&since=6+%C3%A9')
  })

  test('The request has the given method', async () => {
    await using feed = await startFeed([ended(event)])
    expect(await runCommand(['-X', 'report', feed.origin])).toEqual(success)
    expect(feed.requests).toEqual([expect.objectContaining({ method: 'REPORT' })])
  })

  const json = '{"question": "Größe?"}'
  test.for([
    ['a text', async () => ['-d', json], '', json, 'application/json'],
    [
      'the content of a file',
      async () => ['-d', `@${await file('body', `${json}\n`)}`],
      '',
      `${json}\n`,
      'application/json',
    ],
    ['standard input', async () => ['-d', '-'], json, json, 'application/json'],
    ['standard input in the syntax of curl', async () => ['--body=@-'], json, json, 'application/json'],
    ['a form', async () => ['-d', 'a=1&b=%20'], '', 'a=1&b=%20', 'application/x-www-form-urlencoded'],
    ['a body with a given Content-Type', async () => ['-d', '{}', '-H', 'content-type: a/b'], '', '{}', 'a/b'],
  ] as const)('The request is a POST of %s', async ([, options, input, body, type]) => {
    await using feed = await startFeed([ended(event)])
    expect(await runCommand([...(await options()), feed.origin], { input })).toEqual(success)
    const [request, ...further] = feed.requests
    expect(request).toMatchObject({ method: 'POST', headers: { 'content-type': type } })
    expect(request?.body.toString()).toBe(body)
    expect(further).toEqual([])
  })

  test('A request with a body may have a method other than POST', async () => {
    await using feed = await startFeed([ended(event)])
    expect(await runCommand(['-X', 'QUERY', '-d', 'x', feed.origin])).toEqual(success)
    expect(feed.requests).toEqual([expect.objectContaining({ method: 'QUERY', body: Buffer.from('x') })])
  })

  test('Redirects are followed, and headers are sent only to the origin that they were given for', async () => {
    await using other = await startFeed([open(event)])
    await using feed = await startFeed([
      refused(302, '', { Location: '/elsewhere' }),
      refused(307, '', { Location: other.origin }),
    ])
    const headers = ['-H', 'Authorization: Bearer abc', '-H', 'X-Api-Key: def']
    expect(await runCommand([...headers, '--max-events', '1', `${feed.origin}/start`])).toEqual(success)
    expect(feed.requests.map(({ url, headers: sent }) => [url, sent.authorization])).toEqual([
      ['/start', 'Bearer abc'],
      ['/elsewhere', 'Bearer abc'],
    ])
    expect(other.requests[0]?.headers).not.toHaveProperty('authorization')
    expect(other.requests[0]?.headers).not.toHaveProperty('x-api-key')
  })
})

describe('The command accepts habits from curl', () => {
  test.for([
    ['localhost:PORT/feed', (port: number) => `localhost:${port}/feed`],
    [':PORT/feed', (port: number) => `:${port}/feed`],
    ['127.0.0.1:PORT/feed', (port: number) => `127.0.0.1:${port}/feed`],
  ] as const)('The argument %s is a URL', async ([, write]) => {
    await using feed = await startFeed([open(event)])
    expect(await runCommand(['--max-events', '1', write(feed.port)])).toEqual(success)
    expect(feed.requests.map(({ url }) => url)).toEqual(['/feed'])
  })

  test('The option -u sends Basic credentials', async () => {
    await using feed = await startFeed([open(event)])
    expect(await runCommand(['-u', 'mé:p:w', '--max-events', '1', feed.origin])).toEqual(success)
    expect(feed.requests[0]?.headers.authorization).toBe(`Basic ${Buffer.from('mé:p:w').toString('base64')}`)
  })

  test('The option -k accepts any certificate, and -L, -N and -s are accepted', async () => {
    await using feed = await startFeed([open(event)], { tls: true })
    expect(await runCommand(['-kLNs', '--max-events', '1', feed.origin])).toEqual(success)
  })

  test('The option -o appends the events to a file', async () => {
    await using feed = await startFeed([open(event)])
    const path = await file('events', 'before\n')
    expect(await runCommand(['-o', path, '--max-events', '1', feed.origin])).toEqual({ ...success, stdout: '' })
    expect(await readFile(path, 'utf8')).toBe(`before\n${line}`)
  })

  test('The option -o with - writes to standard output', async () => {
    await using feed = await startFeed([open(event)])
    const { stdout } = await runScript('cd "$1" && everysource -o - --max-events 1 "$2"; ls -A', [
      directory,
      feed.origin,
    ])
    expect(stdout).toBe(line)
  })

  test.for([
    [['help'], /^Usage: everysource \[options\] URL\n/],
    [['help', 'doctor'], /^Usage: everysource doctor /],
    [['help', 'demo'], /^Usage: everysource demo /],
  ] as const)('The command %j shows help', async ([commandLine, usage]) => {
    const { stdout, exitCode } = await runCommand(commandLine)
    expect(stdout).toMatch(usage)
    expect(exitCode).toBe(0)
  })
})

/** Whether any process of a process group runs. */
function isGroupRunning(pid: number): boolean {
  try {
    return process.kill(-pid, 0)
  } catch {
    return false
  }
}

describe('The option --bearer-command gets a token for each attempt', () => {
  test('The bearer command runs again after a 401, and the new token is sent at once', async () => {
    await using feed = await startFeed([refused(401, 'expired'), open(event)])
    const counter = await file('counter', '')
    const command = `printf x >>${counter}; echo " token-$(wc -c <${counter})  "`
    const { stderr, ...rest } = await runCommand(['--bearer-command', command, '--max-events', '1', feed.origin])
    expect(rest).toEqual({ stdout: line, exitCode: 0, signal: null })
    expect(stderr).toBe(`everysource: HTTP 401 Unauthorized from ${feed.origin}/; reconnecting now\n`)
    expect(feed.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer token-1', 'Bearer token-2'])
  })

  test('A failed bearer command is retried, and its standard error is shown', async () => {
    await using feed = await startFeed([open(event)])
    const marker = join(directory, 'marker')
    const command = `test -e ${marker} && echo token || { touch ${marker}; echo no network >&2; exit 3; }`
    const { stdout, stderr } = await runCommand(['--bearer-command', command, '--max-events', '1', feed.origin])
    expect(stdout).toBe(line)
    expect(stderr).toMatch(
      /^no network\neverysource: .*--bearer-command ended with exit code 3; reconnecting (in \d|now)/,
    )
    expect(feed.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer token'])
  })

  test('A bearer command that prints more than one line ends the command', async () => {
    const { stderr, exitCode } = await runCommand(['--bearer-command', 'echo a; echo b', 'http://127.0.0.1:9/'])
    expect(stderr).toBe('everysource: --bearer-command printed more than one line, not a token\n')
    expect(exitCode).toBe(1)
  })

  test('A bearer command that hangs is ended with its attempt, and with the command', async () => {
    const pids = await file('pids', '')
    const hanging = `echo $$ >>${pids}; sleep 1000 | cat`
    const options = ['--open-timeout', '0.5', '--bearer-command', hanging, 'http://127.0.0.1:9/']
    const command = startCommand(options)
    const started = async (): Promise<number[]> =>
      (await readFile(pids, 'utf8')).split('\n').filter(Boolean).map(Number)
    await expect.poll(async () => (await started()).length).toBeGreaterThanOrEqual(2)
    const [first = 0] = await started()
    await expect.poll(() => isGroupRunning(first)).toBe(false)
    command.kill('SIGTERM')
    expect((await command.result).exitCode).toBe(0)
    for (const pid of await started()) await expect.poll(() => isGroupRunning(pid)).toBe(false)
  })

  test('A bearer command without output is a failure', async () => {
    const { stderr, exitCode } = await runCommand([
      '--bearer-command',
      'echo',
      '--max-attempts',
      '1',
      'http://127.0.0.1:9/',
    ])
    expect(stderr).toContain('gave up after 1 failure in a row: --bearer-command printed no token')
    expect(exitCode).toBe(4)
  })
})

describe('Timeouts limit a request', () => {
  test('The option --open-timeout limits the wait for response headers', async () => {
    await using feed = await startFeed([() => undefined, open(event)])
    const { stdout, stderr } = await runCommand(['--open-timeout', '1.5', '--max-events', '1', feed.origin])
    expect(stderr).toContain('everysource: no response headers within --open-timeout (1500 ms); reconnecting ')
    expect(stdout).toBe(line)
  })

  test('The option --idle-timeout limits the silence of a stream', async () => {
    await using feed = await startFeed([open('retry: 1\ndata: first\n\n'), open(event)])
    const { stdout, stderr } = await runCommand(['--idle-timeout', '1', '--data', '--max-events', '2', feed.origin])
    expect(stderr).toContain('everysource: no byte within --idle-timeout (1000 ms); reconnecting')
    expect(stdout).toBe('first\nhello\n')
  })
})

describe('Certificates are verified', () => {
  test('An untrusted certificate ends the command with exit code 3', async () => {
    await using feed = await startFeed([open(event)], { tls: true })
    expect(await runCommand([feed.origin])).toEqual({
      stdout: '',
      stderr:
        'everysource: cannot connect: the certificate is self-signed\n' +
        'everysource: trust it with --cacert FILE, or accept any certificate with --insecure; browsers refuse it until it is trusted; to retry anyway, use --retry-all\n',
      exitCode: 3,
      signal: null,
    })
    expect(feed.requests).toEqual([])
  })

  test('An untrusted certificate is retried with --retry-all', async () => {
    await using feed = await startFeed([open(event)], { tls: true })
    const { stderr, exitCode } = await runCommand(['--retry-all', '--max-attempts', '2', feed.origin])
    expect(stderr).toMatch(
      /^everysource: the certificate is self-signed; reconnecting .+\neverysource: gave up after 2 failures in a row: the certificate is self-signed\n$/,
    )
    expect(exitCode).toBe(4)
  })

  // Other systems have only one loopback address.
  test.runIf(process.platform === 'linux')('A certificate for another host is described by its names', async () => {
    await using feed = await startFeed([open(event)], { tls: true, host: '127.0.0.2' })
    const cacert = await file('ca.pem', certificate)
    const { stderr, exitCode } = await runCommand(['--cacert', cacert, feed.origin])
    expect(stderr).toMatch(/^everysource: cannot connect: the certificate is for .*localhost.*, not for 127\.0\.0\.2\n/)
    expect(exitCode).toBe(3)
  })

  test('TLS to a port without TLS is reported without the raw text of OpenSSL', async () => {
    await using feed = await startFeed([open(event)])
    const { stderr, exitCode } = await runCommand(['--max-attempts', '2', feed.origin.replace('http:', 'https:')])
    const hint = /everysource: the port does not seem to expect TLS: try http:.+\n/.source
    expect(stderr).toMatch(
      new RegExp(
        `^everysource: TLS failed \\(the port does not speak TLS\\); reconnecting .+\n${hint}everysource: gave up after 2 failures.+\n${hint}$`,
      ),
    )
    expect(stderr).not.toMatch(/error:|ssl|\.c:|wrong version|record/i)
    expect(exitCode).toBe(4)
  })

  test('A certificate is accepted with --cacert', async () => {
    await using feed = await startFeed([open(event)], { tls: true })
    const path = await file('ca.pem', `A comment\n${certificate}`)
    expect(await runCommand(['--cacert', path, '--max-events', '1', feed.origin])).toEqual(success)
  })

  test('Any certificate is accepted with --insecure, with a warning', async () => {
    await using feed = await startFeed([open(event)], { tls: true })
    const stderr = 'everysource: --insecure: certificates are not checked; anyone could impersonate the server\n'
    expect(await runCommand(['--insecure', '--max-events', '1', feed.origin])).toEqual({ ...success, stderr })
    expect(await runCommand(['--insecure', '--quiet', '--max-events', '1', feed.origin])).toEqual(success)
  })
})

describe('The option --proxy chooses a proxy', () => {
  test('An HTTP proxy forwards requests to an http: URL', async () => {
    await using feed = await startFeed([open(event)])
    await using proxy = await startForwardProxy()
    const result = await runCommand([
      '--proxy',
      `http://user:p%40ss@${proxy.host}`,
      '--max-events',
      '1',
      `${feed.origin}/x?y`,
    ])
    expect(result).toEqual(success)
    expect(proxy.requests).toEqual([`GET ${feed.origin}/x?y`])
    expect(proxy.authorizations).toEqual([`Basic ${btoa('user:p@ss')}`])
  })

  test('An HTTP proxy tunnels requests to an https: URL', async () => {
    await using feed = await startFeed([open(event)], { tls: true })
    await using proxy = await startForwardProxy()
    const cacert = await file('ca.pem', certificate)
    const options = ['--proxy', `http://${proxy.host}`, '--cacert', cacert, '--max-events', '1']
    expect(await runCommand([...options, feed.origin])).toEqual(success)
    expect(proxy.requests).toEqual([`CONNECT 127.0.0.1:${feed.port}`])
  })

  test.for([false, true])('A SOCKS5 proxy is used with its credentials (TLS: %s)', async (tls) => {
    await using feed = await startFeed([open(event)], { tls })
    await using proxy = await startSocksProxy()
    const cacert = await file('ca.pem', certificate)
    const options = ['--proxy', `socks5://user:p%40ss@${proxy.host}`, '--cacert', cacert, '--max-events', '1']
    const url = feed.origin.replace('127.0.0.1', 'localhost')
    const { stdout, exitCode } = await runCommand([...options, url])
    expect({ stdout, exitCode }).toEqual({ stdout: line, exitCode: 0 })
    expect(proxy.requests).toEqual([`localhost:${feed.port}`])
    expect(proxy.users).toEqual(['user:p@ss'])
  })

  test('The proxy of the environment is used without --proxy', async () => {
    await using feed = await startFeed([open(event)])
    await using proxy = await startForwardProxy()
    const environment = { HTTP_PROXY: `http://${proxy.host}` }
    const commandLine = ['--max-events', '1', feed.origin]
    expect(await runCommand(commandLine, { environment })).toEqual(success)
    expect(proxy.requests).toEqual([`GET ${feed.origin}/`])
    expect(await runCommand(commandLine, { environment: { ...environment, NO_PROXY: '127.0.0.1' } })).toEqual(success)
    expect(proxy.requests).toHaveLength(1)
  })
})

describe('Invalid command lines are refused', () => {
  const url = 'http://127.0.0.1:9/'
  test.for([
    [[], 'a URL is missing; see --help'],
    [[url, 'x'], `expected one URL, but got "${url}" "x"; a request body is given with -d`],
    [['-H', 'Bearer abc', url], "-H number 1 is not 'Name: value'"],
    [['-H', 'A: b', '-H', ': c', url], "-H number 2 is not 'Name: value'"],
    [['-H', 'A b: secret', url], '-H is "A b", not a token with a Latin-1 value free of CR, LF and NUL'],
    [['-H', 'A: sec\nret', url], '-H is "A", not a token with a Latin-1 value free of CR, LF and NUL'],
    [['-X', 'trace', url], '-X is "trace", not a method fetch sends'],
    [['-d', 'x', '-X', 'get', url], '-d gives a body, which a get request cannot have; omit -X to send a POST'],
    [['--last-event-id', 'a\nb', url], '--last-event-id is "a\\nb", not free of CR, LF and NUL'],
    [['--idle-timeout', '3s', url], '--idle-timeout is "3s", not a number of seconds such as 30 or 2.5'],
    [['--open-timeout=-1', url], '--open-timeout is "-1", not a number of seconds such as 30 or 2.5'],
    [
      ['--proxy', 'socks4://u:p@localhost', url],
      '--proxy is not a URL such as http://localhost:3128 or socks5://localhost:1080',
    ],
    [['--proxy', 'ftp://a', url], '--proxy is not a URL such as http://localhost:3128 or socks5://localhost:1080'],
    [
      ['--bearer-command', 'x', '-H', 'Authorization: y', url],
      '-H and --bearer-command both give an Authorization header; remove one of them',
    ],
    [
      ['-u', 'me:secret', '-H', 'Authorization: y', url],
      '-H and -u both give an Authorization header; remove one of them',
    ],
    [['-u', 'secret', url], '-u needs a password: -u USER:PASSWORD'],
    [['docter', url], '"docter" is neither a command nor a URL; did you mean doctor?'],
    [['subscribe', url], '"subscribe" is neither a command nor a URL; see --help'],
    [['help', 'demos'], '"demos" is neither a command nor a URL; did you mean demo?'],
    [['http://localhost:99999/'], '"http://localhost:99999/" has the port "99999", not a number from 0 to 65535'],
    [['--output', '/nowhere/file', url], expect.stringMatching(/^--output: cannot open \/nowhere\/file: ENOENT/)],
  ] as const)('The command line %j leads to one line and exit code 2', async ([commandLine, message]) => {
    const { stderr, ...result } = await runCommand(commandLine)
    expect(result).toEqual({ stdout: '', exitCode: 2, signal: null })
    expect(stderr).toMatch(/^everysource: [^\n]+\n$/)
    expect(stderr.slice('everysource: '.length, -1)).toEqual(message)
  })

  test('Files that are missing or invalid lead to one line and exit code 2', async () => {
    const missing = join(directory, 'missing')
    for (const options of [
      ['-d', `@${missing}`],
      ['--cacert', missing],
    ]) {
      const { stderr, exitCode } = await runCommand([...options, url])
      expect(stderr).toBe(
        `everysource: ${options[0]}: cannot read the file: ENOENT: no such file or directory, open '${missing}'\n`,
      )
      expect(exitCode).toBe(2)
    }
    for (const content of ['', certificate.replace('MII', 'MIX')]) {
      const path = await file('ca.pem', content)
      const { stderr, exitCode } = await runCommand(['--cacert', path, url])
      expect(stderr).toBe(`everysource: --cacert: ${path} is not a PEM file of valid certificates\n`)
      expect(exitCode).toBe(2)
    }
    expect(await readFile(join(directory, 'ca.pem'), 'utf8')).not.toBe('')
  })
})
