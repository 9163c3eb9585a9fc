import { afterEach, describe, expect, test } from 'vitest'
import { killCommands, runCommand } from '../command.ts'
import { ended, open, refused, startFeed } from '../feed.ts'

afterEach(killCommands)

describe('Refused and failed attempts are explained', () => {
  const html = { 'Content-Type': 'text/html' }
  test.for([
    [
      refused(404, 'no such \u001b[31mfeed\n'),
      'HTTP 404 Not Found from URL: no such \\u001b[31mfeed',
      'check the path of the URL',
    ],
    [
      refused(403, 'x'.repeat(301)),
      `HTTP 403 Forbidden from URL: ${'x'.repeat(300)}…`,
      'check that the credentials may read this stream',
    ],
    [
      refused(401),
      'HTTP 401 Unauthorized from URL',
      "pass credentials with -u USER:PASSWORD, -H 'Authorization: …' or --bearer-command COMMAND",
    ],
    [
      refused(405, '', { Allow: 'POST, OPTIONS' }),
      'HTTP 405 Method Not Allowed from URL',
      'the server allows POST, OPTIONS: use -X POST, or -d to send a body',
    ],
    [refused(503), 'HTTP 503 Service Unavailable from URL', 'to retry, use --retry-status transient'],
    [
      refused(429, '', { 'Retry-After': '30' }),
      'HTTP 429 Too Many Requests from URL',
      'to retry, use --retry-status transient; the server asks for a delay: Retry-After: 30',
    ],
    [
      refused(200, '<!doctype html>', html),
      'content-type text/html, not text/event-stream, from URL: <!doctype html>',
      'to find out why, run: everysource doctor URL',
    ],
    [refused(302, '', { Location: '' }), expect.anything(), 'to find out why, run: everysource doctor URL'],
  ] as const)(
    'A final response leads to exit code 3, a reason and a next step (%#)',
    async ([answer, reason, step]) => {
      await using feed = await startFeed([answer])
      const { stderr, ...rest } = await runCommand([feed.origin])
      expect(rest).toEqual({ stdout: '', exitCode: 3, signal: null })
      const [, actualReason, actualStep] =
        /^everysource: refused: ([^\n]+)\neverysource: ([^\n]+)\n$/.exec(stderr) ?? []
      expect(actualReason).toEqual(typeof reason === 'string' ? reason.replace('URL', `${feed.origin}/`) : reason)
      expect(actualStep).toBe(step.replace('URL', step.includes('doctor') ? `${feed.origin}/` : 'URL'))
    },
  )

  test('The next step mentions the request options if there are any', async () => {
    await using feed = await startFeed([refused(200, '{}', html)])
    for (const options of [
      ['-d', '{}'],
      ['-H', 'A: b'],
      ['--bearer-command', 'echo token'],
    ]) {
      const { stderr } = await runCommand([...options, feed.origin])
      expect(stderr).toMatch(/\neverysource: to find out why, run everysource doctor with the same request options\n$/)
    }
  })

  test('An unknown host ends the command with exit code 3', async () => {
    // This top-level domain is reserved, so the name never has an address.
    const { stderr, exitCode } = await runCommand(['--max-attempts', '3', 'http://feed.invalid/'])
    // Without a network, the DNS server does not answer, which may pass.
    if (exitCode === 4) expect(stderr).toContain('gave up after 3 failures in a row: the DNS server did not answer')
    else
      expect([stderr.split('\n')[0], exitCode]).toEqual([
        'everysource: cannot connect: the host name "feed.invalid" has no address',
        3,
      ])
  })

  test('The command reconnects after the statuses of --retry-status', async () => {
    const answers = [ended('retry: 1\n\n'), refused(503), refused(429), refused(418), open('data: one\n\n')]
    await using feed = await startFeed(answers)
    const { stdout, stderr } = await runCommand([
      '--retry-status',
      'transient, 418',
      '--max-events',
      '1',
      '--data',
      feed.origin,
    ])
    expect(stdout).toBe('one\n')
    expect(stderr.match(/HTTP \d+/g)).toEqual(['HTTP 503', 'HTTP 429', 'HTTP 418'])
  })

  test('The command gives up after --max-attempts failures with exit code 4', async () => {
    // Nothing listens on port 1. A port that was free a moment ago could be taken before the second attempt.
    const url = 'http://127.0.0.1:1/'
    const { stdout, stderr, exitCode } = await runCommand(['--max-attempts', '2', '--retry-status', '503', url])
    expect([stdout, exitCode]).toEqual(['', 4])
    const refusal = 'the connection to 127.0.0.1:1 was refused'
    expect(stderr.replace(/in \d+\.\d s|now/, 'soon')).toBe(
      `everysource: ${refusal}; reconnecting soon\neverysource: gave up after 2 failures in a row: ${refusal}\n`,
    )
  })
})
