import { setTimeout as pause } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { killCommands, runCommand, startCommand } from '../command.ts'
import { ended, open, startFeed } from '../feed.ts'

afterEach(killCommands)

const stream = '\uFEFFretry: 1000\n\n: comment\nevent: tick\nid: 1\ndata: {"a":\ndata: 1}\n\ndata: incomplete'

describe('The option --format chooses what is printed', () => {
  test.for([
    ['jsonl', '{"event":"tick","id":"1","data":"{\\"a\\":\\n1}"}\n'],
    ['data', '{"a":\n1}\n'],
    ['json', '{"a": 1}\n'],
    ['raw', stream],
  ])('The format %s is printed into a pipe', async ([format, stdout]) => {
    await using feed = await startFeed([ended(stream)])
    expect(await runCommand(['--format', `${format}`, '-X', 'POST', feed.origin])).toEqual({
      stdout,
      stderr: '',
      exitCode: 0,
      signal: null,
    })
  })

  test('The format pretty is printed into a pipe without colors, and reports go to standard error', async () => {
    await using feed = await startFeed([ended(stream)])
    const { stdout, stderr } = await runCommand(['--format', 'pretty', '-X', 'POST', feed.origin])
    expect(stdout).toMatch(/^\d\d:\d\d:\d\d\.\d {2}tick {2}#1 {2}\{"a":1\}\n$/)
    expect(stderr).toMatch(/^\S+ {2}connected to .+, 200 OK\n\S+ {2}1 event in .+, 0 interruptions, last id 1\n$/)
  })

  test('The format raw prints incomplete events at once, and asks for no compression', async () => {
    await using feed = await startFeed([open('data: incompl')])
    const command = startCommand(['--format', 'raw', feed.origin])
    await command.printed('data: incompl')
    command.kill('SIGTERM')
    expect(await command.result).toEqual({ stdout: 'data: incompl', stderr: '', exitCode: 0, signal: null })
    expect(feed.requests.map(({ headers }) => headers['accept-encoding'])).toEqual(['identity'])
  })

  test('The format raw prints compressed bytes of a server that compresses anyway', async () => {
    await using feed = await startFeed([
      (response) =>
        response
          .writeHead(200, { 'Content-Type': 'text/event-stream', 'Content-Encoding': 'gzip' })
          .end(gzipSync('data: one\n\n')),
    ])
    const { stdout } = await runCommand(['--format', 'raw', '-X', 'POST', '-H', 'Accept-Encoding: gzip', feed.origin])
    expect(stdout.slice(0, 1)).toBe('\u001f')
    expect(feed.requests.map(({ headers }) => headers['accept-encoding'])).toEqual(['gzip'])
  })

  test('The format raw prints every byte to a slow reader', async () => {
    const text = `data: ${'x'.repeat(1_000_000)}\n\n`.repeat(8)
    await using feed = await startFeed([ended(text)])
    const command = startCommand(['--format', 'raw', '-X', 'POST', feed.origin])
    command.pause()
    await pause(500)
    command.resume()
    const { stdout, exitCode } = await command.result
    expect([stdout.length, exitCode]).toEqual([text.length, 0])
    expect(stdout).toBe(text)
  })
})

describe('The option --timestamps prints when events arrived', () => {
  const isoDate = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/.source
  test.for([
    ['jsonl', new RegExp(`^\\{"time":"${isoDate}","event":"message","id":"","data":"one"\\}\\n$`)],
    ['data', new RegExp(`^${isoDate} one\\n$`)],
    ['pretty', /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} {2}message {2}one\n$/],
  ] as const)('The format %s has the time of arrival', async ([format, expected]) => {
    await using feed = await startFeed([ended('data: one\n\n')])
    const { stdout } = await runCommand(['--format', format, '--timestamps', '-X', 'POST', feed.origin])
    expect(stdout).toMatch(expected)
  })
})

describe('The option --stats reports every second', () => {
  test('Counts, rates and the delay of events are reported every second, with --quiet too', async () => {
    await using feed = await startFeed([
      (response) => {
        response.writeHead(200, { 'Content-Type': 'text/event-stream' })
        const timer = setInterval(() => {
          response.write(`data: {"at":"${new Date(Date.now() - 5_000).toISOString()}"}\n\n`)
        }, 100)
        response.on('close', () => clearInterval(timer))
      },
    ])
    const command = startCommand(['--stats', '--quiet', '--data', feed.origin])
    await command.reported('delay')
    command.kill('SIGTERM')
    const { stderr } = await command.result
    expect(stderr).toMatch(/^everysource: \d+ events?, \d+\/s; \d+ bytes, \d+\/s; delay [5-9](\.\d)? s$/m)
  })
})
