import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startForwardProxy } from '../../fixtures/forward-proxy.ts'
import { startSocksProxy } from '../../fixtures/socks-proxy.ts'
import { type HttpServer, startHttpServer } from '../http-server.ts'
import { type Http2Server, startHttp2Server } from '../node/http2-server.ts'
import { runModule } from './program.ts'

const event = 'data: hello\n\n'

let server: HttpServer
let tlsServer: Http2Server

beforeAll(async () => {
  server = await startHttpServer((_, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(event)
  })
  tlsServer = await startHttp2Server(({ httpVersion }, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    response.write(`${event}data: HTTP/${httpVersion}\n\n`)
  })
})
afterAll(async () => {
  await Promise.all([server.close(), tlsServer.close()])
})

/** Listens to a server, and prints the first event or error. */
function listen(url: string, env: NodeJS.ProcessEnv, options = '{}'): Promise<string> {
  const source = `
    import { EventSource } from 'everysource'
    const source = new EventSource('${url}', ${options})
    source.onmessage = ({ data }) => {
      console.log(data)
      source.close()
    }
    source.onerror = ({ reason, message }) => {
      console.log(reason, message)
      source.close()
    }`
  return runModule(source, { env: { NODE_TLS_REJECT_UNAUTHORIZED: '0', NODE_NO_WARNINGS: '1', ...env } })
}

const hostOf = (url: string): string => new URL(url).host

describe('The environment variables for proxies are followed', () => {
  test.for(['HTTP_PROXY', 'http_proxy'])('%s forwards requests to http: URLs', async (name) => {
    await using proxy = await startForwardProxy()
    expect(await listen(server.origin, { [name]: `http://${proxy.host}` })).toBe('hello\n')
    expect(proxy.requests).toEqual([`GET ${server.origin}/`])
  })

  test.for(['HTTPS_PROXY', 'https_proxy'])('%s tunnels requests to https: URLs', async (name) => {
    await using proxy = await startForwardProxy()
    expect(await listen(tlsServer.origin, { [name]: `http://${proxy.host}` })).toBe('hello\n')
    expect(proxy.requests).toEqual([`CONNECT ${hostOf(tlsServer.origin)}`])
  })

  test('HTTPS_PROXY does not apply to http: URLs', async () => {
    await using proxy = await startForwardProxy()
    expect(await listen(server.origin, { HTTPS_PROXY: `http://${proxy.host}` })).toBe('hello\n')
    expect(proxy.requests).toEqual([])
  })

  test('NO_PROXY lists hosts that are reached without a proxy', async () => {
    await using proxy = await startForwardProxy()
    const { hostname } = new URL(server.origin)
    const both = { HTTP_PROXY: `http://${proxy.host}`, HTTPS_PROXY: `http://${proxy.host}` }
    const printed = await Promise.all(
      ['*', hostname, `other.example, ${hostOf(server.origin)}`].map((hosts) =>
        listen(server.origin, { ...both, NO_PROXY: hosts }),
      ),
    )
    expect(printed).toEqual(['hello\n', 'hello\n', 'hello\n'])
    expect(proxy.requests).toEqual([])
    expect(await listen(server.origin, { ...both, NO_PROXY: 'other.example' })).toBe('hello\n')
    expect(proxy.requests).toHaveLength(1)
  })

  test('The proxy receives the user name and password', async () => {
    await using proxy = await startForwardProxy()
    const env = { HTTP_PROXY: `http://me:sesame@${proxy.host}`, HTTPS_PROXY: `http://me:sesame@${proxy.host}` }
    for (const { origin } of [server, tlsServer]) expect(await listen(origin, env)).toBe('hello\n')
    expect(proxy.authorizations).toEqual([btoa('me:sesame'), btoa('me:sesame')].map((token) => `Basic ${token}`))
  })

  test('A SOCKS proxy forwards http: and https: URLs', async () => {
    await using proxy = await startSocksProxy()
    const env = { HTTP_PROXY: `socks5://me:sesame@${proxy.host}` }
    for (const { origin } of [server, tlsServer]) expect(await listen(origin, env)).toBe('hello\n')
    // undici connects again, needlessly, when a stream is closed.
    expect([...new Set(proxy.requests)]).toEqual([hostOf(server.origin), hostOf(tlsServer.origin)])
    expect([...new Set(proxy.users)]).toEqual(['me:sesame'])
  })

  test('A proxy that cannot be reached loses the connection, and is not bypassed', async () => {
    for (const { origin } of [server, tlsServer]) {
      expect(await listen(origin, { HTTP_PROXY: 'http://127.0.0.1:1' })).toMatch(
        /^network the proxy http:\/\/127.0.0.1:1: connect ECONNREFUSED/,
      )
    }
  })

  test('A given dispatcher does not use the proxy', async () => {
    await using proxy = await startForwardProxy()
    const dispatcher = `{ dispatcher: new (await import('undici')).Agent() }`
    expect(await listen(server.origin, { HTTP_PROXY: `http://${proxy.host}` }, dispatcher)).toBe('hello\n')
    expect(proxy.requests).toEqual([])
  })

  test('Streams share a connection through a tunnel if the server speaks HTTP/2', async () => {
    await using proxy = await startForwardProxy()
    const source = `
      import { EventSource } from 'everysource'
      const sources = Array.from({ length: 50 }, () => new EventSource('${tlsServer.origin}'))
      const messages = sources.map((source) => new Promise((resolve) => {
        source.onmessage = ({ data }) => data.startsWith('HTTP') && resolve(data)
      }))
      console.log(...new Set(await Promise.all(messages)))
      for (const source of sources) source.close()`
    const env = { HTTPS_PROXY: `http://${proxy.host}`, NODE_TLS_REJECT_UNAUTHORIZED: '0', NODE_NO_WARNINGS: '1' }
    expect(await runModule(source, { env })).toBe('HTTP/2.0\n')
    expect(proxy.requests).toEqual([`CONNECT ${hostOf(tlsServer.origin)}`])
  })
})
