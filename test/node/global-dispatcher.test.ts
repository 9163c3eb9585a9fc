import { once } from 'node:events'
import { Agent, getGlobalDispatcher, interceptors, MockAgent, Pool, setGlobalDispatcher } from 'undici'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { EventSource, openEventStream } from '../../src/index.ts'
import { hasGlobalDispatcher } from '../../src/node/global-dispatcher.ts'
import { type HttpServer, startHttpServer } from '../http-server.ts'

const dispatcherBefore = getGlobalDispatcher()
let server: HttpServer
let requests = 0

beforeEach(async () => {
  requests = 0
  server = await startHttpServer((_, response) => {
    requests++
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    response.write('data: network\n\n')
  })
})

afterEach(async () => {
  setGlobalDispatcher(dispatcherBefore)
  vi.unstubAllGlobals()
  await server.close()
})

async function firstMessage(url: string): Promise<string> {
  const source = new EventSource(url)
  const [{ data }] = await once(source, 'message')
  source.close()
  return data
}

describe('A custom global dispatcher is distinguished from the default one', () => {
  it('The dispatcher that undici or Node sets by itself is not custom', () => {
    expect(new Headers().get('a')).toBeNull()
    expect(hasGlobalDispatcher()).toBe(false)
    setGlobalDispatcher(new Agent())
    expect(hasGlobalDispatcher()).toBe(false)
  })

  it('The default dispatcher is not custom after a request either', async () => {
    setGlobalDispatcher(new Agent())
    await (await fetch(server.origin, { signal: AbortSignal.timeout(60_000) })).body?.cancel()
    expect(hasGlobalDispatcher()).toBe(false)
  })

  it.each([
    ['a mock', () => new MockAgent()],
    ['an agent with certificates', () => new Agent({ connect: { ca: 'certificate' } })],
    ['an agent that makes its own pools', () => new Agent({ factory: (origin, options) => new Pool(origin, options) })],
    ['an agent with an interceptor', () => new Agent().compose(interceptors.redirect({ maxRedirections: 1 }))],
  ])('A global dispatcher that is %s is custom', (_, create) => {
    setGlobalDispatcher(create())
    expect(hasGlobalDispatcher()).toBe(true)
  })
})

describe('A global fetch or dispatcher that was replaced is used by every source', () => {
  it('A request is sent to a MockAgent that is the global dispatcher, and not to the network', async () => {
    const agent = new MockAgent()
    agent.disableNetConnect()
    setGlobalDispatcher(agent)
    agent
      .get('http://feed.example')
      .intercept({ path: '/feed' })
      .reply(200, 'data: mocked\n\n', { headers: { 'Content-Type': 'text/event-stream' } })
    const received: string[] = []
    for await (const { data } of openEventStream('http://feed.example/feed', { retry: false })) {
      received.push(data)
      break
    }
    expect(received).toEqual(['mocked'])
    agent.assertNoPendingInterceptors()
    await agent.close()
  })

  it('A request is sent to a global fetch that was replaced after the source was created', async () => {
    const source = new EventSource(server.origin)
    vi.stubGlobal('fetch', async () => {
      return new Response('data: mocked\n\n', { headers: { 'Content-Type': 'text/event-stream' } })
    })
    const [{ data }] = await once(source, 'message')
    source.close()
    expect(data).toBe('mocked')
    expect(requests).toBe(0)
  })

  it('A request is sent over the package’s own connections by default', async () => {
    expect(await firstMessage(server.origin)).toBe('network')
    expect(requests).toBe(1)
  })
})
