import { once } from 'node:events'
import { Agent } from 'undici'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { EventSource, openEventStream } from '../../src/index.ts'
import { type HttpServer, startHttpServer } from '../http-server.ts'

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

it('Requests are sent over connections of the library unless a fetch is given', async () => {
  for (const init of [{}, { dispatcher: new Agent() }, { fetch }]) {
    const source = new EventSource(server.origin, init)
    await once(source, 'message')
    source.close()
    const stream = openEventStream(server.origin, init)
    for await (const { data } of stream) {
      expect(data).toBe('a')
      break
    }
  }
  expect(agents).toEqual(['everysource', 'everysource', 'everysource', 'everysource', 'node', 'node'])
})

it('A dispatcher that cannot be used is refused by the constructor', () => {
  const message = /^dispatcher is .+, not /
  for (const init of [{ dispatcher: {} }, { dispatcher: new Agent(), fetch }]) {
    expect(() => new EventSource(server.origin, init as object)).toThrow(message)
    expect(() => openEventStream(server.origin, init as object)).toThrow(message)
  }
})
