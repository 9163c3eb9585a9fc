import type { RequestListener, ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { createGzip } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type ForwardProxy, startForwardProxy } from '../../fixtures/forward-proxy.ts'
import { type HttpServer, startHttpServer } from '../http-server.ts'
import { type Http2Server, startHttp2Server } from '../node/http2-server.ts'
import { startModule } from './program.ts'

/** Receives responses that a test wants to continue. */
let opened: ((response: ServerResponse) => void) | undefined

/** Answers according to the path. */
const answer: RequestListener = ({ url }, response) => {
  if (url === '/redirect') response.writeHead(302, { Location: '/' }).end()
  else if (url === '/silent') opened?.(response)
  else {
    response.setHeader('Content-Type', 'text/event-stream')
    if (url === '/ending') response.end('retry: 1\n\ndata: hello\n\n')
    else if (url === '/gzip') {
      const gzip = createGzip()
      response.setHeader('Content-Encoding', 'gzip')
      gzip.pipe(response)
      gzip.write('data: hello\n\n')
      gzip.flush()
    } else {
      response.write('data: hello\n\n')
      opened?.(response)
    }
  }
}

let server: HttpServer
let tlsServer: Http2Server
let proxy: ForwardProxy

beforeAll(async () => {
  server = await startHttpServer(answer)
  tlsServer = await startHttp2Server(answer as unknown as Parameters<typeof startHttp2Server>[0])
  proxy = await startForwardProxy()
})
afterAll(async () => {
  await Promise.all([server.close(), tlsServer.close(), proxy[Symbol.asyncDispose]()])
})
afterEach(() => {
  opened = undefined
})

const trustAll = { NODE_TLS_REJECT_UNAUTHORIZED: '0', NODE_NO_WARNINGS: '1' }

const nextResponse = (): Promise<ServerResponse> =>
  new Promise((resolve) => {
    opened = resolve
  })

/** Longer than a process takes to end when nothing keeps it alive. */
const maxEndTime = 1_000

describe('The process stays alive while a source is not closed', () => {
  const listen = (url: string, then = ''): string => `
    import { EventSource } from 'everysource'
    const source = new EventSource('${url}')
    source.onmessage = ({ data }) => {
      console.log(data)
      ${then}
    }`

  test.for(['http', 'https'] as const)('The process lives until an open stream (%s) is closed', async (scheme) => {
    const { origin } = scheme === 'http' ? server : tlsServer
    const responding = nextResponse()
    using module = startModule(listen(origin, `if (data === 'more') source.close()`), { env: trustAll })
    await module.printed('hello')
    await pause(maxEndTime)
    const response = await responding
    response.write('data: more\n\n')
    expect(await module.exited).toEqual({ stdout: 'hello\nmore\n', stderr: '', exitCode: 0 })
  })

  test('The process stays alive while a source waits for a response', async () => {
    const responding = nextResponse()
    using module = startModule(listen(`${server.origin}/silent`, 'source.close()'))
    const response = await responding
    await pause(maxEndTime)
    response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('data: at last\n\n')
    expect(await module.exited).toEqual({ stdout: 'at last\n', stderr: '', exitCode: 0 })
  })

  test('The process stays alive while a source waits for the next attempt', async () => {
    using module = startModule(`
      import { EventSource } from 'everysource'
      const source = new EventSource('${server.origin}/ending', { retry: () => ${maxEndTime} })
      let times = 0
      source.onmessage = ({ data }) => {
        console.log(data)
        if (++times === 2) source.close()
      }`)
    expect(await module.exited).toEqual({ stdout: 'hello\nhello\n', stderr: '', exitCode: 0 })
  })

  test('The process ends after a stream that was behind a proxy is closed', async () => {
    const env = { ...trustAll, HTTPS_PROXY: `http://${proxy.host}` }
    using module = startModule(listen(tlsServer.origin, 'source.close()'), { env })
    expect(await module.exited).toEqual({ stdout: 'hello\n', stderr: '', exitCode: 0 })
    expect(proxy.requests).toContain(`CONNECT ${new URL(tlsServer.origin).host}`)
  })
})

describe('The process ends with unref', () => {
  const cases: readonly (readonly [string, () => string, (string | undefined)?, (() => NodeJS.ProcessEnv)?])[] = [
    ['a stream is open', () => server.origin],
    ['a stream is open over TLS', () => tlsServer.origin],
    ['a stream is open after a redirect', () => `${server.origin}/redirect`],
    ['a stream is open that is compressed', () => `${server.origin}/gzip`],
    [
      'a stream is open whose request was a stream',
      () => server.origin,
      `method: 'POST', body: () => new Blob(['a']).stream()`,
    ],
    ['a stream is open that a proxy forwards', () => server.origin, '', () => ({ HTTP_PROXY: `http://${proxy.host}` })],
    ['a stream is open through a tunnel', () => tlsServer.origin, '', () => ({ HTTPS_PROXY: `http://${proxy.host}` })],
  ]

  test.for(cases)('The process ends although %s', async ([, url, options = '', env = () => ({})]) => {
    using module = startModule(
      `import { EventSource } from 'everysource'
      const untilThen = setInterval(() => {}, 60_000)
      const source = new EventSource('${url()}', { unref: true, ${options} })
      source.onmessage = ({ data }) => {
        console.log(data)
        clearInterval(untilThen)
      }`,
      { env: { ...trustAll, ...env() } },
    )
    expect(await module.exited).toEqual({ stdout: 'hello\n', stderr: '', exitCode: 0 })
  })

  test.for(['http', 'https'] as const)(
    'The process ends although a stream is open over a connection that was reused (%s)',
    async (scheme) => {
      const { origin } = scheme === 'http' ? server : tlsServer
      using module = startModule(
        `import { EventSource } from 'everysource'
      const untilThen = setInterval(() => {}, 60_000)
      const { origin } = new URL('${origin}')
      const first = new EventSource(origin + '/ending', { unref: true, retry: false })
      first.onerror = () => {
        const second = new EventSource(origin, { unref: true })
        second.onmessage = ({ data }) => {
          console.log(data)
          clearInterval(untilThen)
        }
      }`,
        { env: trustAll },
      )
      expect(await module.exited).toEqual({ stdout: 'hello\n', stderr: '', exitCode: 0 })
    },
  )

  test('The process ends although nothing has come yet', async () => {
    using module = startModule(`
      import { EventSource } from 'everysource'
      new EventSource('${server.origin}/silent', { unref: true })
      process.on('exit', () => console.log('bye'))`)
    expect(await module.exited).toEqual({ stdout: 'bye\n', stderr: '', exitCode: 0 })
  })

  test.for([
    ['a TLS handshake hangs', (host: string) => ({ url: `https://${host}`, env: {} })],
    [
      'a proxy does not answer a CONNECT',
      (host: string) => ({ url: 'https://feed.example', env: { HTTPS_PROXY: `http://${host}` } }),
    ],
    [
      'a TLS handshake with a proxy hangs',
      (host: string) => ({ url: 'https://feed.example', env: { HTTPS_PROXY: `https://${host}` } }),
    ],
  ] as const)('The process ends although %s', async ([, aim]) => {
    const sockets = new Set<Socket>()
    const silent = createTcpServer((socket) => sockets.add(socket.on('error', () => socket.destroy()).resume()))
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const { url, env } = aim(`127.0.0.1:${(silent.address() as AddressInfo).port}`)
    try {
      using module = startModule(
        `import { EventSource } from 'everysource'
        const source = new EventSource('${url}', { unref: true })
        // A process that is kept alive sees the connection's own limit.
        source.onerror = ({ message }) => console.log(message)
        // Long enough for the connection to begin, and far less than any limit of the process itself.
        setTimeout(() => console.log('bye'), ${maxEndTime})`,
        { env },
      )
      expect(await module.exited).toEqual({ stdout: 'bye\n', stderr: '', exitCode: 0 })
      expect(sockets.size).toBe(1)
    } finally {
      silent.close()
      for (const socket of sockets) socket.destroy()
    }
  })

  test('The process ends although an attempt will follow', async () => {
    using module = startModule(`
      import { EventSource } from 'everysource'
      const untilThen = setInterval(() => {}, 60_000)
      const source = new EventSource('${server.origin}/ending', { unref: true, retry: () => 60_000 })
      source.onerror = ({ delay }) => {
        console.log(delay)
        clearInterval(untilThen)
      }`)
    expect(await module.exited).toEqual({ stdout: '60000\n', stderr: '', exitCode: 0 })
  })
})
