import { createRequire } from 'node:module'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import type { Client } from 'undici'
import type { ResponseHandler } from '../../src/node/connection.ts'
import { Http1Connection } from '../../src/node/http1-connection.ts'

// `undici-copy.program.ts PATH` sends requests over the copy of undici at this path, and prints what came of them.
const undici = createRequire(import.meta.url)(process.argv[2] ?? '') as { Client: typeof Client }

const body = 'x'.repeat(200_000)

async function request(answer: (socket: Socket) => unknown, onData: ResponseHandler['onResponseData']): Promise<void> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy()).once('data', () => answer(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  await new Promise((resolve) => socket.once('connect', resolve))
  const owner = { changed() {}, closed() {}, repeat() {} }
  const origin = `http://127.0.0.1:${port}`
  const connection = new Http1Connection(undici.Client, origin, socket, owner, { unref: false, maxHeaderSize: 16_384 })
  try {
    await new Promise<void>((resolve, reject) => {
      const handler: ResponseHandler = {
        onRequestStart() {},
        onResponseStart() {},
        onResponseData: onData,
        onResponseEnd: () => resolve(),
        onResponseError: (_, error) => reject(error),
      }
      connection.send({ options: { origin, path: '/', method: 'GET' }, handler, isRepeated: false })
    })
  } finally {
    server.close()
    connection.destroy(new Error('the program ends'))
  }
}

let paused = 0
let isPaused = false
let heldBack = true
await request(
  (socket) => socket.end(`HTTP/1.1 200 OK\r\n\r\n${body}`),
  (controller, chunk) => {
    if (isPaused) heldBack = false
    paused += chunk.length
    isPaused = true
    controller.pause()
    void pause(50).then(() => {
      isPaused = false
      controller.resume()
    })
  },
)

const reset = await request(
  (socket) => socket.write('HTTP/1.1 200 OK\r\n\r\nbegun', () => setTimeout(() => socket.resetAndDestroy(), 50)),
  () => {},
).then(
  () => 'no error',
  (error: NodeJS.ErrnoException) => error.code,
)
console.log(JSON.stringify({ paused, heldBack, reset }))
