import { once } from 'node:events'
import { createServer } from 'node:net'
import type { SecureVersion } from 'node:tls'
import { Agent } from 'undici'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { certificate } from '../../fixtures/certificate.ts'
import { expiredCertificate } from '../../fixtures/expired-certificate.ts'
import { startForwardProxy } from '../../fixtures/forward-proxy.ts'
import { listen } from '../../fixtures/listen.ts'
import { startSocksProxy } from '../../fixtures/socks-proxy.ts'
import { EventSource } from '../../src/event-source.ts'
import { Connections } from '../../src/node/connections.ts'
import { createRequest, record } from '../transport/record.ts'
import { overNode } from '../transport/transports.ts'
import { type Http2Options, type Http2Server, startHttp2Server } from './http2-server.ts'

const closers: (() => unknown)[] = []

afterEach(async () => {
  vi.unstubAllEnvs()
  vi.unstubAllGlobals()
  await Promise.all(closers.splice(0).map((close) => close()))
})

async function serve(options: Http2Options = {}): Promise<Http2Server> {
  const server = await startHttp2Server((_, response) => void response.end('a'), options)
  closers.push(server.close)
  return server
}

const trusting = { ca: certificate }

/** Sends a request over connections or a dispatcher, and returns the message of its error. */
async function messageOf(dispatcher: Connections | Agent, url: string, headers = new Headers()): Promise<string> {
  closers.push(() => void dispatcher.destroy())
  const error = await record(overNode(dispatcher), createRequest(url, { headers })).catch((error: Error) => error)
  return (error as Error).message
}

describe('The message of a refused client says which server refused it, without the text of OpenSSL', () => {
  it.each<[string, boolean, SecureVersion]>([
    ['HTTP/1.1', true, 'TLSv1.3'],
    ['HTTP/1.1', true, 'TLSv1.2'],
    ['HTTP/2', false, 'TLSv1.3'],
    ['HTTP/2', false, 'TLSv1.2'],
  ])('A client certificate that is required over %s is reported (%s, %s)', async (_, http1Only, version) => {
    const { origin } = await serve({
      http1Only,
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: version,
      maxVersion: version,
    })
    const expected =
      version === 'TLSv1.3'
        ? /^TLS failed for localhost:\d+: tlsv13 alert certificate required$/
        : /^(TLS failed for localhost:\d+: |read ECONNRESET: localhost:\d+$|the connection was closed before )/
    expect(await messageOf(new Connections({ tls: trusting }), origin)).toMatch(expected)
  })

  it('A port that does not speak TLS is named, also by a dispatcher and over a SOCKS proxy', async () => {
    await using plain = await startForwardProxy()
    await using proxy = await startSocksProxy()
    const url = `https://${plain.host}`
    const expected = new RegExp(`^TLS failed for ${plain.host}: [ \\w]+$`)
    expect(await messageOf(new Connections(), url)).toMatch(expected)
    expect(await messageOf(new Agent({ allowH2: false }), url)).toMatch(expected)
    vi.stubEnv('HTTPS_PROXY', `socks5://${proxy.host}`)
    expect(await messageOf(new Connections(), url)).toMatch(expected)
  })

  it('A port that does not speak TLS is named in the error of fetch, given or replaced', async () => {
    await using plain = await startForwardProxy()
    const own = globalThis.fetch
    for (const init of [{ fetch: own }, {}]) {
      if (!init.fetch) vi.stubGlobal('fetch', (url: string, given: RequestInit) => own(url, given))
      const source = new EventSource(`https://${plain.host}`, { retry: false, ...init })
      const [{ reason, message }] = await once(source as never, 'error')
      expect(reason).toBe('network')
      expect(message).toMatch(new RegExp(`^fetch failed: TLS failed for ${plain.host}: [ \\w]+$`))
    }
  })

  it('A proxy that does not speak TLS is named', async () => {
    await using plain = await startForwardProxy()
    vi.stubEnv('HTTPS_PROXY', `https://${plain.host}`)
    expect(await messageOf(new Connections(), 'https://a.example')).toMatch(
      new RegExp(`^the proxy https://${plain.host}: TLS failed for ${plain.host}: [ \\w]+$`),
    )
  })
})

describe('The message of a refused certificate says which host has it, and what is wrong with it', () => {
  it('A self-signed certificate is reported, also by a dispatcher and over proxies', async () => {
    const { origin } = await serve()
    const { host } = new URL(origin)
    const expected = `the certificate of ${host} was refused: self-signed certificate`
    expect(await messageOf(new Connections(), origin)).toBe(expected)
    expect(await messageOf(new Agent({ allowH2: false }), origin)).toBe(expected)
    await using proxy = await startForwardProxy()
    vi.stubEnv('HTTPS_PROXY', `http://${proxy.host}`)
    expect(await messageOf(new Connections(), origin)).toBe(expected)
    await using socks = await startSocksProxy()
    vi.stubEnv('HTTPS_PROXY', `socks5://${socks.host}`)
    expect(await messageOf(new Connections(), origin)).toBe(expected)
  })

  it('The self-signed certificate of a proxy is reported as that of the proxy', async () => {
    const { origin } = await serve({ http1Only: true })
    const { host } = new URL(origin)
    vi.stubEnv('HTTP_PROXY', origin)
    const expected = `the proxy ${origin}: the certificate of ${host} was refused: self-signed certificate`
    for (const url of ['http://a.example', 'https://a.example']) {
      expect(await messageOf(new Connections(), url)).toBe(expected)
    }
  })

  it('An expired certificate is reported', async () => {
    const { origin } = await serve({ cert: expiredCertificate })
    const { host } = new URL(origin)
    expect(await messageOf(new Connections({ tls: { ca: expiredCertificate } }), origin)).toBe(
      `the certificate of ${host} was refused: certificate has expired`,
    )
  })

  it('The certificate of another host is reported', async () => {
    const { origin } = await serve()
    const connections = new Connections({ tls: trusting })
    expect(await messageOf(connections, origin, new Headers({ Host: 'other.example' }))).toMatch(
      /^the certificate of localhost:\d+ was refused: .*other\.example.* is not in the cert's altnames/,
    )
  })
})

describe('The message of a connection that ends while it is established says where it was to', () => {
  it.each(['closed', 'reset'])('A connection that is %s during the TLS handshake is reported', async (how) => {
    await using server = await startForwardProxy()
    server.server.on('connection', (socket) => (how === 'reset' ? socket.resetAndDestroy() : socket.destroy()))
    expect(await messageOf(new Connections(), `https://${server.host}`)).toContain(server.host)
  })

  it('A connection that is not established in time is reported', async () => {
    const server = createServer()
    const host = `127.0.0.1:${await listen(server)}`
    closers.push(() => server.close())
    expect(await messageOf(new Connections({ connectTimeout: 50 }), `https://${host}`)).toBe(
      `no connection to ${host} within 50 ms`,
    )
  })
})
