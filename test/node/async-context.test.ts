import { createHook } from 'node:async_hooks'
import { once } from 'node:events'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { EventSource, openEventStream } from '../../src/index.ts'
import { type HttpServer, startHttpServer } from '../http-server.ts'

let server: HttpServer
/** The async contexts of sources that tools for open handles, and stores of contexts, see. */
const open = new Set<number>()

const hook = createHook({
  init(id, type) {
    if (type === 'EventSource') open.add(id)
  },
  destroy(id) {
    open.delete(id)
  },
})

beforeEach(async () => {
  server = await startHttpServer((request, response) => {
    response.writeHead(request.url === '/refused' ? 404 : 200, { 'Content-Type': 'text/event-stream' })
    response.write('data: a\n\n')
    if (request.url === '/refused') response.end()
  })
  hook.enable()
})
afterEach(async () => {
  hook.disable()
  await server.close()
  open.clear()
})

it('The async context of a source ends when the source is closed, even twice', async () => {
  const source = new EventSource(server.origin)
  await once(source, 'message')
  expect(open.size).toBe(1)
  source.reconnect()
  expect(open.size).toBe(1)
  source.close()
  source.close()
  await expect.poll(() => open.size).toBe(0)
})

it('The async context of a source ends when its connection fails', async () => {
  await once(new EventSource(`${server.origin}/refused`), 'error')
  await expect.poll(() => open.size).toBe(0)
})

it('The async context of a stream ends with its loop', async () => {
  for await (const { data } of openEventStream(server.origin)) {
    expect(data).toBe('a')
    break
  }
  await expect.poll(() => open.size).toBe(0)
})
