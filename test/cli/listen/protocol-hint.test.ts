import { once } from 'node:events'
import { createServer as createTlsServer } from 'node:https'
import { createServer, type Server } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { certificate, key } from '../../../fixtures/certificate.ts'
import { startForwardProxy } from '../../../fixtures/forward-proxy.ts'
import { listen } from '../../../fixtures/listen.ts'
import { killCommands, runCommand } from '../command.ts'
import { ended, open, startFeed } from '../feed.ts'

afterEach(killCommands)

/** Runs the command until it gives up, and returns the lines below the first interruption and below the end. */
async function readHints(url: string, ...options: readonly string[]): Promise<readonly (string | undefined)[]> {
  const { stderr, exitCode } = await runCommand(['--max-attempts', '2', ...options, url])
  expect(exitCode).toBe(4)
  const [, first, last] =
    /reconnecting [^\n]+\n(?:everysource: ((?!gave up)[^\n]+)\n)?everysource: gave up [^\n]+\n(?:everysource: ([^\n]+)\n)?$/.exec(
      stderr,
    ) ?? []
  return [first, last]
}

async function withServer(server: Server, use: (host: string) => Promise<void>): Promise<void> {
  const host = `localhost:${await listen(server)}`
  try {
    await use(host)
  } finally {
    const closed = once(server, 'close')
    server.close()
    await closed
  }
}

describe('A port that expects another protocol is recognized', () => {
  test('A port without TLS leads to the URL with http:', async () => {
    await using feed = await startFeed([open('data: one\n\n')])
    const rest = `//localhost:${feed.port}/tick?sig=[redacted]`
    const hint = `the port does not seem to expect TLS: try http:${rest}; to find out why, run: everysource doctor https:${rest}`
    expect(await readHints(`https://me:secret@localhost:${feed.port}/tick?sig=secret`)).toEqual([hint, hint])
  })

  test('A port with TLS leads to the URL with https:', async () => {
    await using feed = await startFeed([open('data: one\n\n')], { tls: true })
    const rest = `//127.0.0.1:${feed.port}/`
    const hint = `if the port expects TLS, try https:${rest}; to find out why, run: everysource doctor http:${rest}`
    expect(await readHints(feed.origin.replace('https:', 'http:'))).toEqual([hint, hint])
  })

  test('A port that speaks SSH leads to another URL, whatever the scheme', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => {}).resume()
      socket.end('SSH-2.0-OpenSSH_9.2p1\r\n')
    })
    await withServer(server, async (host) => {
      const [asHttp] = await readHints(`http://${host}/`)
      expect(asHttp).toMatch(`the port expects TLS, or another protocol: try https://${host}/; to find out why, run`)
      const [asHttps] = await readHints(`https://${host}/`)
      expect(asHttps).toMatch(`the port does not seem to expect TLS: try http://${host}/; to find out why, run`)
    })
  })

  test.for(['TLSv1.2', 'TLSv1.3'] as const)(
    'A server that wants a client certificate, with %s, is recognized',
    async (version) => {
      const options = { cert: certificate, key, requestCert: true, maxVersion: version }
      await withServer(createTlsServer(options), async (host) => {
        const hint =
          'the server may require a client certificate, which only the library can send: use its option dispatcher'
        expect(await readHints(`https://${host}/`, '--insecure')).toEqual([hint, hint])
      })
    },
  )
})

describe('Without evidence of another protocol, no other URL is suggested', () => {
  test('A connection that is refused, or lost after a response, leads to no other URL', async () => {
    expect(await readHints('http://127.0.0.1:1/')).toEqual([undefined, undefined])
    await using lost = await startFeed([ended('retry: 1\n\n'), (response) => response.socket?.resetAndDestroy()])
    const { stderr } = await runCommand(['--max-attempts', '2', lost.origin])
    expect(stderr).toContain('gave up after 2 failures')
    expect(stderr).not.toContain('try https:')
  })

  test('A proxy that fails does not change the scheme of the URL', async () => {
    await using proxy = await startForwardProxy()
    expect(await readHints('https://a.example/', '--proxy', `https://${proxy.host}`)).toEqual([undefined, undefined])
  })
})
