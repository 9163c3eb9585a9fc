import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { killCommands, runScript, startCommand, startScript } from '../command.ts'
import { open, startFeed } from '../feed.ts'

let directory: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'everysource-output-'))
})
afterEach(async () => {
  killCommands()
  await rm(directory, { recursive: true, force: true })
})

const numbered = (count: number): string =>
  Array.from({ length: count }, (_, index) => `id: ${index + 1}\ndata: ${index + 1}\n\n`).join('')

describe('A reader that closes the pipe ends the command', () => {
  test('A closed pipe ends the command with exit code 0', async () => {
    await using feed = await startFeed([open(numbered(10_000))])
    const script = `everysource --data "$1" | head -3; echo "\${PIPESTATUS[@]}"`
    expect(await runScript(script, [feed.origin])).toEqual({
      stdout: '1\n2\n3\n0 0\n',
      stderr: '',
      exitCode: 0,
      signal: null,
    })
  })

  test('The command notices a closed pipe at the next event, and does not store its id', async () => {
    let send = (_: string): unknown => undefined
    await using feed = await startFeed([
      (response) => {
        response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(numbered(1))
        send = (text) => response.write(text)
      },
    ])
    const state = join(directory, 'state')
    const script = 'everysource --data --state "$1" "$2" | { head -1; exec <&-; echo gone >&2; }; exit "$PIPESTATUS"'
    const running = startScript(script, [state, feed.origin])
    await running.reported('gone')
    send('id: 2\ndata: 2\n\n')
    expect(await running.result).toMatchObject({ stdout: '1\n', stderr: 'gone\n', exitCode: 0 })
    expect(await readFile(state, 'utf8')).toBe('1\n')
  })

  test.for(['--help', 'demo --help'])('The output of %s may be cut by head', async (option) => {
    expect(await runScript(`everysource ${option} | head -1; echo "\${PIPESTATUS[@]}"`)).toMatchObject({
      stdout: expect.stringMatching(/^Usage: everysource .+\n0 0\n$/),
      stderr: '',
    })
  })

  test('The command ignores that standard error is closed', async () => {
    await using feed = await startFeed([open(': one\n: two\ndata: hello\n\n')])
    const script = 'everysource --data --verbose --max-events 1 "$1" 2> >(exec true); echo "$?"'
    expect(await runScript(script, [feed.origin])).toMatchObject({ stdout: 'hello\n0\n' })
  })
})

describe('Standard output can be a file', () => {
  test('The command appends whole lines to a file', async () => {
    await using feed = await startFeed([open(numbered(1_000))])
    const path = join(directory, 'events')
    const script = 'for run in 1 2; do everysource --data --max-events 1000 "$2" >>"$1" || exit; done'
    expect(await runScript(script, [path, feed.origin])).toMatchObject({ stderr: '', exitCode: 0 })
    const lines = Array.from({ length: 2_000 }, (_, index) => `${(index % 1_000) + 1}\n`)
    expect(await readFile(path, 'utf8')).toBe(lines.join(''))
  })

  test.runIf(existsSync('/dev/full'))(
    'A full disk leads to exit code 1, and the id of the event is not stored',
    async () => {
      await using feed = await startFeed([open(numbered(1))])
      const script = 'everysource --state "$1/state" "$2" >/dev/full; echo "$?"; ls -A "$1"'
      expect(await runScript(script, [directory, feed.origin])).toMatchObject({
        stdout: '1\n',
        stderr: 'everysource: standard output: ENOSPC: no space left on device, write\n',
      })
    },
  )

  test('A size limit leads to exit code 1, and the state file holds the id of the last whole line', async () => {
    await using feed = await startFeed([open(numbered(1_000))])
    const script = 'ulimit -f 1; everysource --data --state "$1/state" "$2" >"$1/events"; echo "$?"'
    const { stdout, stderr } = await runScript(script, [directory, feed.origin])
    expect(stdout).toBe('1\n')
    expect(stderr).toMatch(/^everysource: standard output: EFBIG: .+\n$/)
    const whole = (await readFile(join(directory, 'events'), 'utf8')).split('\n').slice(0, -1)
    expect(await readFile(join(directory, 'state'), 'utf8')).toBe(`${whole.at(-1)}\n`)
  })
})

describe('A slow reader receives everything', () => {
  const size = 4_096
  const total = 12_000
  let server: Server
  let sent = 0

  beforeEach(async () => {
    sent = 0
    server = createServer((_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' })
      // The client may disconnect early.
      pipeline(flood(), response).catch(() => response.destroy())
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })
  afterEach(() => {
    server.closeAllConnections()
    server.close()
  })

  /** Generates 48 MB of events, as fast as they are read. */
  function* flood(): Generator<string> {
    const padding = 'x'.repeat(size)
    while (sent < total) yield `id: ${++sent}\ndata: ${padding}\n\n`
  }

  /** Resolves when the server has sent nothing for a second; on a busy machine, that may be too early. */
  async function untilBlocked(): Promise<void> {
    for (let before = -1; before !== sent || sent === 0; ) {
      before = sent
      await pause(1_000)
    }
  }

  const url = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`

  test('A slow reader slows down the server, and gets every event', async () => {
    const command = startCommand(['--max-events', String(total), url()])
    command.pause()
    await untilBlocked()
    const held = sent
    command.resume()
    const { stdout, exitCode } = await command.result
    console.log(`${held} of ${total} events were sent while the reader was paused`)
    expect(held).toBeLessThan(total * 0.6)
    expect(exitCode).toBe(0)
    const ids = stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line).id)
    expect(ids).toEqual(Array.from({ length: total }, (_, index) => String(index + 1)))
  })

  test('A slow reader loses nothing by SIGKILL: the ids of unwritten events are not stored', async () => {
    const state = join(directory, 'state')
    const command = startCommand(['--state', state, url()])
    command.pause()
    await expect.poll(() => existsSync(state)).toBe(true)
    await untilBlocked()
    command.kill('SIGKILL')
    command.resume()
    const { stdout } = await command.result
    // The text after the last line feed is incomplete.
    const whole = stdout.split('\n').slice(0, -1)
    expect(whole.length).toBeGreaterThan(0)
    const stored = (await readFile(state, 'utf8')).trim()
    // The last line may be complete although its id was not stored yet.
    expect([String(whole.length), String(whole.length - 1)]).toContain(stored)
  })

  test('The first signal lets the current write finish, and the second signal ends the command at once', async () => {
    const state = join(directory, 'state')
    const first = startCommand(['--state', state, url()])
    first.pause()
    await expect.poll(() => existsSync(state)).toBe(true)
    await untilBlocked()
    first.kill('SIGTERM')
    await pause(500)
    first.resume()
    const { stdout, exitCode } = await first.result
    expect(exitCode).toBe(0)
    expect(stdout.at(-1)).toBe('\n')
    const lastLine = stdout.split('\n').at(-2) ?? ''
    expect(await readFile(state, 'utf8')).toBe(`${JSON.parse(lastLine).id}\n`)

    // No pipe holds this payload. The comment after it shows that the command is writing it.
    await using feed = await startFeed([open(`data: ${'x'.repeat(4 * 1_024 * 1_024)}\n\n: read\n\n`)])
    const second = startCommand(['--verbose', feed.origin])
    second.pause()
    await second.reported(': read')
    // Signals that arrive before another one was handled are merged with it.
    const signals = setInterval(() => second.kill('SIGINT'), 300)
    const ended = await second.result
    clearInterval(signals)
    expect(ended).toMatchObject({ exitCode: null, signal: 'SIGINT' })
  })
})
