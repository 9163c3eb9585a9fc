import { stripVTControlCharacters } from 'node:util'
import { afterEach, describe, expect, test } from 'vitest'
import { hasTerminal, killCommands, runCommand, startOnTerminal } from '../command.ts'
import { ended, open, refused, startFeed } from '../feed.ts'

afterEach(killCommands)

/** Replaces times by a placeholder, and removes colors. */
function readable(text: string): string {
  return stripVTControlCharacters(text).replace(/\d\d:\d\d:\d\d\.\d(?!\d)/g, 'TIME')
}

describe.skipIf(!hasTerminal)('The command prints for people on a terminal', () => {
  test('Events are shown for people, with connections, interruptions and a summary', async () => {
    await using feed = await startFeed([
      ended('retry: 1\nevent: tick\nid: 1\ndata: {"number":1}\n\n'),
      open('id: 2\ndata: text\ndata: of two lines\n\n'),
    ])
    const command = startOnTerminal([feed.origin])
    await command.printed('of two lines')
    command.type('\u0003')
    const { stdout, exitCode } = await command.result
    expect(readable(stdout).split('\r\n')).toEqual([
      `TIME  connected to ${feed.origin}/, 200 OK`,
      'TIME  tick  #1  {"number":1}',
      expect.stringMatching(/^TIME {2}the server ended the stream; reconnecting (now|in 0\.\d s)$/),
      `TIME  connected to ${feed.origin}/, 200 OK`,
      'TIME  message  #2',
      '    text',
      '    of two lines',
      '^C',
      expect.stringMatching(/^TIME {2}2 events in \d.* \(\d+\.\d\/s\), 1 interruption, last id 2$/),
      '',
    ])
    expect(exitCode).toBe(130)
  })

  test('Times, names and ids have colors', async () => {
    await using feed = await startFeed([open('id: 1\ndata: one\n\n')])
    const command = startOnTerminal(['--max-events', '1', feed.origin])
    const { stdout } = await command.result
    expect(stdout).toMatch(
      // biome-ignore lint/suspicious/noControlCharactersInRegex: colors begin with one.
      /\u001b\[2m\d\d:\d\d:\d\d\.\d\u001b\[22m {2}\u001b\[36mmessage\u001b\[39m {2}\u001b\[2m#1\u001b\[22m {2}one\r\n/,
    )
  })

  test('JSON that does not fit on a line is indented', async () => {
    const json = '{"name":"value","list":[1,2.50,{}],"number":12345678901234567890}'
    await using feed = await startFeed([open(`data: ${json}\n\n`)])
    const wide = await startOnTerminal(['--max-events', '1', feed.origin], { columns: 120 }).result
    expect(readable(wide.stdout)).toContain(`TIME  message  ${json}\r\n`)
    const narrow = await startOnTerminal(['--max-events', '1', feed.origin], { columns: 60 }).result
    expect(readable(narrow.stdout).split('\r\n').slice(1, -2)).toEqual([
      'TIME  message',
      '    {',
      '      "name": "value",',
      '      "list": [',
      '        1,',
      '        2.50,',
      '        {}',
      '      ],',
      '      "number": 12345678901234567890',
      '    }',
    ])
  })

  test('JSON is indented where its characters take more columns than the terminal has', async () => {
    const text = '\u65e5\u672c\u8a9e\u306e\u30c6\u30ad\u30b9\u30c8'.repeat(3)
    await using feed = await startFeed([open(`data: {"text":"${text}"}\n\n`)])
    const { stdout } = await startOnTerminal(['--max-events', '1', feed.origin], { columns: 70 }).result
    expect(readable(stdout).split('\r\n').slice(1, -2)).toEqual([
      'TIME  message',
      '    {',
      `      "text": "${text}"`,
      '    }',
    ])
  })

  test('Control characters of a server do not reach the terminal', async () => {
    await using feed = await startFeed([open('event: a\u001b[31m\nid: \u0007\ndata: \u001b]0;title\u0007\n\n')])
    const { stdout } = await startOnTerminal(['--max-events', '1', feed.origin]).result
    expect(readable(stdout)).toContain('TIME  a\\u001b[31m  #\\u0007  \\u001b]0;title\\u0007\r\n')
  })

  test.for([
    ['jsonl', '{"event":"message","id":"","data":"\\u001b]0;title\\u0007\\u009b31m \\u202e"}'],
    ['data', '\\u001b]0;title\\u0007\\u009b31m \\u202e'],
    ['raw', 'data: \\u001b]0;title\\u0007\\u009b31m \\u202e'],
  ])('Control characters of a server do not reach the terminal in the format %s', async ([format = '', expected]) => {
    const text = '\u001b]0;title\u0007\u009b31m \u202e'
    await using feed = await startFeed([ended(`data: ${text}\n\n`)])
    const { stdout } = await startOnTerminal(['--format', format, '-X', 'POST', feed.origin]).result
    expect(stdout.split('\r\n')[0]).toBe(expected)
    const piped = await runCommand(['--format', format, '-X', 'POST', feed.origin])
    expect(piped.stdout).toContain(format === 'jsonl' ? text.slice(text.indexOf('\u009b')) : text)
  })

  test('Control characters in JSON payloads are escaped as JSON has it', async () => {
    await using feed = await startFeed([ended('data: {"a":"\u009b31m"}\n\n')])
    const { stdout } = await startOnTerminal(['--json', '-X', 'POST', feed.origin]).result
    expect(stdout).toBe('{"a":"\\u009b31m"}\r\n')
  })

  test('A character that arrives in two pieces is shown in the format raw', async () => {
    const bytes = Buffer.from('data: ž\n\n')
    let finish = (): unknown => undefined
    await using feed = await startFeed([
      (response) => {
        response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(bytes.subarray(0, 7))
        finish = () => response.end(bytes.subarray(7))
      },
    ])
    const command = startOnTerminal(['--format', 'raw', '-X', 'POST', feed.origin])
    await command.printed('data: ')
    finish()
    const { stdout } = await command.result
    expect(stdout).toBe('data: ž\r\n\r\n')
  })

  test('Refusals are shown with the time', async () => {
    await using feed = await startFeed([refused(404)])
    const { stdout, exitCode } = await startOnTerminal([feed.origin]).result
    expect(readable(stdout)).toBe(
      `TIME  refused: HTTP 404 Not Found from ${feed.origin}/\r\nTIME  check the path of the URL\r\n`,
    )
    expect(exitCode).toBe(3)
  })

  test('The option --format jsonl prints lines of JSON', async () => {
    await using feed = await startFeed([open('data: one\n\n')])
    const { stdout } = await startOnTerminal(['--format', 'jsonl', '--max-events', '1', feed.origin]).result
    expect(stdout).toBe('{"event":"message","id":"","data":"one"}\r\n')
  })
})

describe.skipIf(!hasTerminal)('Colors follow the environment variables', () => {
  test('Events have no colors and no warning above them with both NO_COLOR and FORCE_COLOR', async () => {
    await using feed = await startFeed([open('data: one\n\n')])
    const environment = { NO_COLOR: '1', FORCE_COLOR: '1' }
    const { stdout } = await startOnTerminal(['--max-events', '1', feed.origin], { environment }).result
    expect(stdout.replace(/\d\d:\d\d:\d\d\.\d(?!\d)/g, 'TIME').split('\r\n')).toEqual([
      `TIME  connected to ${feed.origin}/, 200 OK`,
      'TIME  message  one',
      expect.stringMatching(/^TIME {2}1 event in/),
      '',
    ])
  })

  test.for([
    ['used on a terminal', {}, '\u001b[31meverysource: a URL is missing; see --help\u001b[39m\r\n'],
    [
      'used if NO_COLOR is empty, with no warning about FORCE_COLOR',
      { NO_COLOR: '', FORCE_COLOR: '1' },
      '\u001b[31meverysource: a URL is missing; see --help\u001b[39m\r\n',
    ],
    [
      'used if NO_COLOR is empty',
      { NO_COLOR: '' },
      '\u001b[31meverysource: a URL is missing; see --help\u001b[39m\r\n',
    ],
    ['not used with NO_COLOR', { NO_COLOR: '1' }, 'everysource: a URL is missing; see --help\r\n'],
    [
      'not used with NO_COLOR, even if FORCE_COLOR is set',
      { NO_COLOR: '1', FORCE_COLOR: '3' },
      expect.not.stringContaining('\u001b'),
    ],
  ] as const)('Colors are %s', async ([, environment, expected]) => {
    const { stdout } = await startOnTerminal([], { environment }).result
    expect(stdout).toEqual(expected)
  })
})
