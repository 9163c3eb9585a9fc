import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { type HttpServer, startHttpServer } from '../http-server.ts'
import { openStream, type SentEvent } from './event-stream.ts'
import { load, variants } from './groups.ts'

interface Tokens {
  access_token: string
  refresh_token?: string
  token_type: string
}

const transports: { close(): Promise<void> }[] = []
const servers: HttpServer[] = []

afterEach(async () => {
  await Promise.all(transports.splice(0).map((transport) => transport.close()))
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

async function start(listener: RequestListener): Promise<string> {
  const server = await startHttpServer(listener)
  servers.push(server)
  return server.origin
}

/** An MCP server and its authorization server in one. */
class McpServer {
  /** The only token that it takes; undefined if it asks for none. */
  validToken: string | undefined
  /** The Authorization of every request for the stream. */
  readonly authorizations: (string | undefined)[] = []
  origin = ''
  send: (sent: SentEvent) => void = () => {}
  #stream: ServerResponse | undefined

  static async start(validToken?: string): Promise<McpServer> {
    const server = new McpServer()
    server.validToken = validToken
    server.origin = await start((request, response) => server.#answer(request, response))
    return server
  }

  /** A clean end, after which the client reconnects. */
  endStream(): void {
    this.#stream?.end()
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '', this.origin)
    const { authorization } = request.headers
    if (pathname === '/.well-known/oauth-authorization-server') {
      respond(response, 200, {
        issuer: this.origin,
        authorization_endpoint: `${this.origin}/authorize`,
        token_endpoint: `${this.origin}/token`,
        response_types_supported: ['code'],
        code_challenge_methods_supported: ['S256'],
      })
    } else if (pathname === '/token') {
      respond(response, 200, { access_token: this.validToken, refresh_token: 'refresh', token_type: 'Bearer' })
    } else if (pathname === '/sse') {
      this.authorizations.push(authorization)
      if (this.validToken !== undefined && authorization !== `Bearer ${this.validToken}`) {
        response.setHeader('WWW-Authenticate', 'Bearer')
        respond(response, 401, {})
        return
      }
      this.#stream = response
      this.send = openStream(response)
      this.send({ event: 'endpoint', data: '/messages' })
    } else if (pathname === '/messages') {
      const { id, method } = (await json(request)) as { id: number; method: string }
      response.writeHead(202).end()
      this.send({ data: { jsonrpc: '2.0', id, result: { method } } })
    } else {
      response.writeHead(404).end()
    }
  }
}

function respond(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
}

function redirectTo(response: ServerResponse, location: string): void {
  response.writeHead(302, { Location: location }).end()
}

/** What the application keeps for the SDK between logins. */
function createProvider(tokens?: Tokens) {
  let kept = tokens
  let verifier = ''
  return {
    redirectUrl: 'http://localhost/callback',
    clientMetadata: { redirect_uris: ['http://localhost/callback'] },
    clientInformation: () => ({ client_id: 'client' }),
    tokens: () => kept,
    saveTokens: vi.fn((saved: Tokens) => {
      kept = saved
    }),
    redirectToAuthorization: vi.fn(),
    saveCodeVerifier: (saved: string) => {
      verifier = saved
    },
    codeVerifier: () => verifier,
  }
}

const oldTokens: Tokens = { access_token: 'old', refresh_token: 'refresh', token_type: 'Bearer' }

describe.for(variants)('The MCP SDK works with everysource (%s)', (group) => {
  async function createTransport(url: string, options: object = {}) {
    const { SSEClientTransport } = await load(group, '@modelcontextprotocol/sdk/client/sse.js')
    const transport = new SSEClientTransport(new URL(url), options)
    transport.onerror = vi.fn()
    transport.onmessage = vi.fn()
    transports.push(transport)
    return transport
  }

  /** Sends a request, and waits for its answer to come over the stream. */
  async function expectAnswer(transport: Awaited<ReturnType<typeof createTransport>>, id: number): Promise<void> {
    await transport.send({ jsonrpc: '2.0', id, method: 'ping' })
    await expect.poll(() => transport.onmessage.mock.calls).toContainEqual([expect.objectContaining({ id })])
  }

  test('The SDK sends a message and receives the answer over the stream', async () => {
    const server = await McpServer.start()
    const transport = await createTransport(`${server.origin}/sse`)
    await transport.start()
    await expectAnswer(transport, 1)
    expect(transport.onerror).not.toHaveBeenCalled()
  })

  test('The SDK refreshes its token when the stream is refused with 401', async () => {
    const server = await McpServer.start('new')
    const authProvider = createProvider(oldTokens)
    const transport = await createTransport(`${server.origin}/sse`, { authProvider })
    await transport.start()
    expect(authProvider.saveTokens).toHaveBeenCalledTimes(1)
    expect(server.authorizations).toEqual(['Bearer old', 'Bearer new'])
    await expectAnswer(transport, 1)
  })

  test('The SDK sends the user to log in when it has no token', async () => {
    const server = await McpServer.start('new')
    const authProvider = createProvider()
    const transport = await createTransport(`${server.origin}/sse`, { authProvider })
    await expect(transport.start()).rejects.toThrow('Unauthorized')
    expect(authProvider.redirectToAuthorization).toHaveBeenCalledTimes(1)
    expect(server.authorizations).toEqual([undefined])
  })

  test('The SDK connects once the user has logged in', async () => {
    const server = await McpServer.start('new')
    const authProvider = createProvider()
    const refused = await createTransport(`${server.origin}/sse`, { authProvider })
    await expect(refused.start()).rejects.toThrow('Unauthorized')
    await refused.finishAuth('code')
    const transport = await createTransport(`${server.origin}/sse`, { authProvider })
    await transport.start()
    await expectAnswer(transport, 1)
  })

  test('The SDK refreshes a token that expires while the stream is open', async () => {
    const server = await McpServer.start('old')
    const authProvider = createProvider(oldTokens)
    const transport = await createTransport(`${server.origin}/sse`, { authProvider })
    await transport.start()
    server.validToken = 'new'
    server.endStream()
    await expect.poll(() => server.authorizations).toEqual(['Bearer old', 'Bearer old', 'Bearer new'])
    await expectAnswer(transport, 1)
  })

  test('The SDK reports the status of a response that refuses the stream', async () => {
    const origin = await start((_, response) => response.writeHead(403).end())
    const transport = await createTransport(`${origin}/sse`)
    await expect(transport.start()).rejects.toMatchObject({ code: 403 })
    expect(transport.onerror).toHaveBeenCalledWith(expect.objectContaining({ code: 403 }))
  })

  test('The SDK reports no status when the stream is lost, and receives again', async () => {
    const server = await McpServer.start()
    const transport = await createTransport(`${server.origin}/sse`)
    await transport.start()
    server.endStream()
    await expect.poll(() => server.authorizations).toHaveLength(2)
    expect(transport.onerror).toHaveBeenCalledTimes(1)
    expect(transport.onerror).toHaveBeenCalledWith(expect.objectContaining({ code: undefined }))
    await expectAnswer(transport, 1)
  })

  test('The SDK follows a redirect within the origin with its token', async () => {
    const server = await McpServer.start('old')
    const paths: (string | undefined)[] = []
    const origin = await start((request, response) => {
      const { authorization } = request.headers
      paths.push(`${request.url} ${authorization}`)
      if (request.url === '/moved') openStream(response)({ event: 'endpoint', data: '/messages' })
      else redirectTo(response, '/moved')
    })
    const transport = await createTransport(`${origin}/sse`, { authProvider: createProvider(oldTokens) })
    await transport.start()
    expect(paths).toEqual(['/sse Bearer old', '/moved Bearer old'])
    expect(server.authorizations).toEqual([])
  })

  test('The SDK refuses a redirect to another origin, which receives no request', async () => {
    const other = await McpServer.start()
    const origin = await start((_, response) => redirectTo(response, `${other.origin}/sse`))
    const transport = await createTransport(`${origin}/sse`, { authProvider: createProvider(oldTokens) })
    await expect(transport.start()).rejects.toMatchObject({
      code: 302,
      message: expect.stringContaining(`Redirect to ${other.origin}/sse not followed`),
    })
    expect(other.authorizations).toEqual([])
  })

  test('The SDK refuses a redirect that leads in a circle', async () => {
    const paths: (string | undefined)[] = []
    const origin = await start((request, response) => {
      paths.push(request.url)
      redirectTo(response, '/circle')
    })
    const transport = await createTransport(`${origin}/sse`)
    await expect(transport.start()).rejects.toMatchObject({ code: 302 })
    expect(paths).toHaveLength(6)
  })

  test('The SDK follows a redirect to another origin without its token where told to', async () => {
    const other = await McpServer.start()
    const origin = await start((_, response) => redirectTo(response, `${other.origin}/sse`))
    const transport = await createTransport(`${origin}/sse`, {
      authProvider: createProvider(oldTokens),
      redirectPolicy: 'follow',
    })
    // The endpoint for messages would be at another origin than the stream's, which the SDK does not take.
    await transport.start().catch(() => {})
    expect(other.authorizations).toEqual([undefined])
  })
})
