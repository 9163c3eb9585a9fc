import { once } from 'node:events'
import { Agent } from 'undici'
import { afterEach, beforeEach, expect, it } from 'vitest'
import * as node from '../src/index.node.ts'
import * as everywhere from '../src/index.ts'
import { type HttpServer, startHttpServer } from './http-server.ts'

let server: HttpServer
const agents: unknown[] = []

beforeEach(async () => {
  server = await startHttpServer(({ headers }, response) => {
    agents.push(headers['user-agent'])
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    response.write('data: a\n\n')
  })
})
afterEach(async () => {
  await server.close()
  agents.length = 0
})

it('The entry point for Node exports the same names as the one for other runtimes', () => {
  expect({ ...node }).toEqual({ ...everywhere })
})

it('The entry point for Node sends requests over undici unless fetch is given', async () => {
  for (const init of [{}, { dispatcher: new Agent() }, { fetch }]) {
    const source = new node.EventSource(server.origin, init)
    await once(source, 'message')
    source.close()
    const stream = node.openEventStream(server.origin, init)
    for await (const { data } of stream) {
      expect(data).toBe('a')
      break
    }
  }
  expect(agents).toEqual(['everysource', 'everysource', 'everysource', 'everysource', 'node', 'node'])
})

it('The entry point for Node rejects an unusable dispatcher at once', () => {
  const message = /^dispatcher is .+, not /
  for (const init of [{ dispatcher: {} }, { dispatcher: new Agent(), fetch }]) {
    expect(() => new node.EventSource(server.origin, init as object)).toThrow(message)
    expect(() => node.openEventStream(server.origin, init as object)).toThrow(message)
  }
})
