import { createServer, type Server } from 'node:net'
import { afterAll, describe, expect, test } from 'vitest'
import { killCommands, startCommand } from '../command.ts'
import { open, startFeed } from '../feed.ts'

afterAll(killCommands)

/** Runs the command until it reports a text on standard error, and returns what it reported. */
async function reportOf(commandLine: readonly string[], text: string): Promise<string> {
  const command = startCommand(commandLine)
  await command.reported(text)
  command.kill('SIGTERM')
  const { stderr } = await command.result
  return stderr
}

describe.concurrent('The command reports why nothing is printed for 5 seconds', () => {
  test('A missing response is reported', async () => {
    await using feed = await startFeed([() => undefined])
    const stderr = await reportOf([feed.origin], '5 s')
    expect(stderr).toBe(
      `everysource: connected, but no response after 5 s: the server is slow, or a proxy holds it back; to find out why, run: everysource doctor ${feed.origin}/\n`,
    )
  })

  test('A missing connection is reported', async () => {
    // A server that accepts connections, but never completes the TLS handshake.
    const server: Server = createServer(() => {})
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const stderr = await reportOf([`https://127.0.0.1:${port}/`], '5 s')
    server.close()
    expect(stderr).toBe(`everysource: no connection after 5 s: still trying to connect to 127.0.0.1:${port}\n`)
  })

  test('A stream without bytes is reported', async () => {
    await using feed = await startFeed([
      (response) => response.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders(),
    ])
    const stderr = await reportOf([feed.origin], 'doctor')
    expect(stderr).toBe(
      `everysource: no bytes received yet: the server has nothing to send, or a proxy holds it back; to find out why, run: everysource doctor ${feed.origin}/\n`,
    )
  })

  test('Bytes without a complete event are reported', async () => {
    await using feed = await startFeed([open('data: one\n')])
    const stderr = await reportOf([`${feed.origin}/?token=secret`], 'doctor')
    expect(stderr).toBe(
      `everysource: 10 bytes received, no complete event; to find out why, run: everysource doctor ${feed.origin}/?token=[redacted]\n`,
    )
  })

  test('Comments without an event are reported', async () => {
    await using feed = await startFeed([open(': one\n\n: two\n\n')])
    expect(await reportOf([feed.origin], 'comments')).toBe('everysource: only comments received yet: 2\n')
  })

  test('Events that --event skips are reported with their names', async () => {
    await using feed = await startFeed([open('event: tick\ndata: 1\n\ndata: 2\n\n')])
    const stderr = await reportOf(['--event', 'tock', '--event', 'Tick', feed.origin], 'skipped')
    expect(stderr).toBe('everysource: 2 events skipped by --event tock --event Tick; received: tick, message\n')
  })
})

test('The command reports no silence with --quiet', async () => {
  await using feed = await startFeed([open('data: one\n')])
  const { stderr, exitCode } = await startCommand([
    '--quiet',
    '--idle-timeout',
    '6',
    '--max-attempts',
    '1',
    feed.origin,
  ]).result
  expect(stderr).toBe('everysource: gave up after 1 failure in a row: no byte within --idle-timeout (6000 ms)\n')
  expect(exitCode).toBe(4)
})
