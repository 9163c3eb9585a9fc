import { type AddressInfo, createServer, type Socket } from 'node:net'
import { Agent, type Dispatcher } from 'undici'
import { afterEach, expect, test } from 'vitest'
import { mendPausedEnds } from '../../src/node/paused-end.ts'

let end = (): unknown => undefined
afterEach(() => end())

const body = 'x'.repeat(200_000)

/** Ways to send a body and close the connection. */
const manners = {
  'until the connection is closed': (socket: Socket) => socket.end(`HTTP/1.1 200 OK\r\n\r\n${body}`),
  'until the connection is reset': (socket: Socket) =>
    socket.write(`HTTP/1.1 200 OK\r\n\r\n${body}`, () => setTimeout(() => socket.resetAndDestroy(), 200)),
  'with a length': (socket: Socket) =>
    socket.end(`HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`),
  'in chunks': (socket: Socket) =>
    socket.end(
      'HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n' +
        `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
    ),
}

test.for(Object.entries(manners))('A paused body that is sent %s ends without a crash', async ([manner, send]) => {
  mendPausedEnds()
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy()).once('data', () => send(socket))
  })
  const agent = new Agent()
  end = async () => {
    await agent.destroy()
    server.close()
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const received = await new Promise<number>((resolve, reject) => {
    let bytes = 0
    agent.dispatch(
      { origin: `http://127.0.0.1:${port}`, path: '/', method: 'GET' },
      {
        onRequestStart() {},
        onResponseStart() {},
        onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer) {
          bytes += chunk.length
          controller.pause()
          setTimeout(() => controller.resume(), 1_000)
        },
        onResponseEnd: () => resolve(bytes),
        onResponseError: (_: unknown, error: Error) => reject(error),
      },
    )
  })
  // A reset makes the system discard the bytes that it had received.
  if (manner !== 'until the connection is reset') expect(received).toBe(body.length)
})
