import { createServer, type Server } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import { afterEach, describe, expect, test } from 'vitest'
import { certificate, key } from '../../fixtures/certificate.ts'
import { startSilentServer } from '../../fixtures/doctor-feeds.ts'
import { listen } from '../../fixtures/listen.ts'
import { record } from '../../src/cli/doctor/recorder.ts'
import { describeNetworkError, type NetworkErrorDescription } from '../../src/cli/network-errors.ts'
import { Connections } from '../../src/node/connections.ts'
import { killCommands, runCommand } from './command.ts'

afterEach(killCommands)

/** The words of OpenSSL, of Node's HTTP parser and of system calls, which mean nothing to most people. */
const foreignWords =
  /error:|\bssl|routines|alert|tlsv1|wrong version|record|_|Parse Error|Expected|token|\.c:|ECONN|EPIPE|socket|undici/i

/** A server, the scheme of the URL, and what is said about the error. */
type FaultyServer = readonly [
  name: string,
  scheme: string,
  start: () => Promise<RunningServer>,
  message: RegExp,
  fix: RegExp,
]

interface RunningServer {
  readonly port: number | string
  close(): unknown
}

const answering = (text: string) => async (): Promise<RunningServer> => {
  const server = await startSilentServer(text)
  return { port: new URL(server.origin).port, close: () => server.close() }
}

const run = async (server: Server): Promise<RunningServer> => {
  server.on('connection', (socket) => socket.on('error', () => socket.destroy()))
  return { port: await listen(server), close: () => server.close() }
}

const speakingTls = (options: TlsOptions) => () =>
  run(createTlsServer({ cert: certificate, key, ...options }, (socket) => socket.on('error', () => socket.destroy())))

/** Answers the first bytes of a client with a fatal TLS alert. */
const alerting = (description: number) => answering(String.fromCharCode(21, 3, 3, 0, 2, 2, description))

/** Sends this after the head of a chunked response. */
const chunked = (body: string) =>
  answering(`HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n${body}`)

const clientCertificate = { requestCert: true, rejectUnauthorized: true, ca: certificate }
const outdated = { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' } as const

const faultyServers: readonly FaultyServer[] = [
  ['HTTP without TLS', 'https', answering('HTTP/1.1 400 Bad Request\r\n\r\n'), /does not speak TLS/, /http:\/\//],
  ['SSH behind https:', 'https', answering('SSH-2.0-OpenSSH_9.2\r\n'), /does not speak TLS/, /correct the port/],
  ['a required client certificate', 'https', speakingTls(clientCertificate), /requires a client certificate/, /proxy/],
  [
    'a required client certificate with TLS 1.2',
    'https',
    speakingTls({ ...clientCertificate, maxVersion: 'TLSv1.2' }),
    /refused the handshake/,
    /client certificate/,
  ],
  ['TLS 1.0', 'https', speakingTls(outdated), /TLS versions that are too old/, /TLS 1\.2/],
  ['a handshake that fails', 'https', alerting(40), /refused the handshake/, /ciphers/],
  ['an unknown host name', 'https', alerting(112), /no certificate for this host name/, /host name/],
  ['another protocol over TLS', 'https', alerting(120), /neither HTTP\/1\.1 nor HTTP\/2/, /port/],
  ['an unknown client certificate', 'https', alerting(48), /refused the client certificate/, /proxy/],
  ['an internal error', 'https', alerting(80), /an internal error/, /log/],
  ['SSH', 'http', answering('SSH-2.0-OpenSSH_9.2\r\n'), /^the response is not HTTP$/, /another protocol/],
  ['a stream without a head', 'http', answering('data: 1\n\n'), /^the response is not HTTP$/, /another protocol/],
  [
    'a head of LF lines',
    'http',
    answering('HTTP/1.1 200 OK\nA: b\n\n'),
    /a line of its head ends without CR LF/,
    /CR LF/,
  ],
  ['a space before a colon', 'http', answering('HTTP/1.1 200 OK\r\nA : b\r\n\r\n'), /a header has/, /before the colon/],
  ['an invalid status line', 'http', answering('HTTP/1.1 OK\r\n\r\n'), /first line/, /HTTP\/1\.1 200 OK/],
  [
    'two lengths',
    'http',
    answering('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n'),
    /its length is not clear/,
    /not both/,
  ],
  ['a chunk size in words', 'http', chunked('nine\r\ndata: 1\n\n\r\n'), /wrong chunk size/, /hexadecimal/],
  ['a chunk size that is too small', 'http', chunked('5\r\ndata: 1\n\n\r\n'), /wrong chunk size/, /hexadecimal/],
]

/** Sends one request, and describes its error. */
async function request(url: string): Promise<NetworkErrorDescription> {
  const dispatcher = new Connections({ tls: { rejectUnauthorized: false } })
  const target = { url: new URL(url), method: 'GET', headers: new Headers(), body: null }
  const { end } = await record(target, { dispatcher, time: 30_000 })
  dispatcher.destroy()
  return describeNetworkError(end.kind === 'failed' ? end.error : undefined)
}

describe('The error of a connection is described', () => {
  test.for(faultyServers)('A server with %s is described in plain words', async ([, scheme, start, message, fix]) => {
    const server = await start()
    const description = await request(`${scheme}://127.0.0.1:${server.port}/`)
    await server.close()
    expect(description).toEqual({
      kind: 'other',
      message: expect.stringMatching(message),
      fix: expect.stringMatching(fix),
    })
    expect(description.message).not.toMatch(foreignWords)
  })

  test('Every alert of TLS is described without the words of OpenSSL', async () => {
    const alerts = [
      0, 10, 20, 22, 40, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 70, 71, 80, 86, 90, 109, 112, 115, 116, 120,
    ]
    for (const alert of alerts) {
      const server = await alerting(alert)()
      const { message } = await request(`https://127.0.0.1:${server.port}/`)
      await server.close()
      expect(message).not.toMatch(foreignWords)
    }
  })

  test('A connection that is closed is described without the name of a system call', async () => {
    const server = await run(createServer((socket) => socket.once('data', () => socket.resetAndDestroy())))
    expect((await request(`http://127.0.0.1:${server.port}/`)).message).toMatch(
      /^the connection was (reset|closed before)/,
    )
    expect((await request(`https://127.0.0.1:${server.port}/`)).message).toMatch(
      /^the connection was (reset|closed during)/,
    )
    await server.close()
  })

  test.each([
    'CERT_REVOKED',
    'CERT_SIGNATURE_FAILURE',
    'INVALID_PURPOSE',
    'INVALID_CA',
    'CRL_HAS_EXPIRED',
    'CERT_UNTRUSTED',
  ])('The certificate error %s is described without the words of OpenSSL', (code) => {
    const error = Object.assign(new Error('unsuitable words of a library'), { code })
    const { kind, message } = describeNetworkError(error)
    expect([kind, message]).toEqual(['certificate', expect.stringMatching(/certificate/)])
    expect(message).not.toContain('words')
  })
})

test.for(faultyServers)('The command reports a server with %s in plain words', async ([, scheme, start, message]) => {
  const server = await start()
  const url = `${scheme}://127.0.0.1:${server.port}/`
  const { stderr } = await runCommand(['--insecure', '--quiet', '--max-attempts', '1', url])
  await server.close()
  expect(stderr.replace(/^everysource: (gave up after 1 failure in a row: |cannot connect: )?/, '')).toMatch(
    new RegExp(message.source.replace(/^\^|\$$/g, '')),
  )
  expect(stderr.split('\n')[0]).not.toMatch(foreignWords)
})
