import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import { startFeedServer } from '../fixtures/feed-server.ts'

/** Everything that the server sends until it closes the connection. */
async function exchange(origin: string, request: string): Promise<string> {
  const { hostname, port } = new URL(origin)
  const socket = connect(Number(port), hostname)
  await once(socket, 'connect')
  socket.write(`${request} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Length: 0\r\n\r\n`)
  return text(socket)
}

it.each([
  ['a file', 'GET /suite/worker.js', 200],
  ['a missing file', 'GET /suite/missing.js', 404],
  ['a page of text', 'GET /plain', 200],
  ['a gate', 'POST /gate?key=a&name=b', 200],
  ['a feed without a plan', 'GET /feed?key=a', 204],
])(
  'The feed server closes the connection after %s, so that no browser sends the next request twice',
  async (_, request, status) => {
    const files = new Map([['worker.js', { type: 'text/javascript', body: '' }]])
    const server = await startFeedServer({ files })
    try {
      const response = await exchange(server.origin, request)
      expect(response).toContain(`HTTP/1.1 ${status} `)
      expect(response).toContain('Connection: close')
    } finally {
      await server.close()
    }
  },
)
