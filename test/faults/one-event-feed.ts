import type { Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { type HttpServer, startHttpServer } from '../http-server.ts'

export interface OneEventFeed extends HttpServer {
  /** Every request for it gets one event; those for anything else, an empty page. */
  readonly url: string
  /**
   * How many connections were open at each request with the query `alone`, which gets its event once its connection is the
   * only one, or will not be.
   */
  readonly socketsWhenAlone: readonly number[]
  readonly openSockets: number
}

/** @param isOver whether the body ends after the event, which the data of the event tells, for the nth request */
export async function startOneEventFeed(isOver: (request: number) => boolean = () => false): Promise<OneEventFeed> {
  const sockets = new Set<Socket>()
  const socketsWhenAlone: number[] = []
  let requests = 0
  const server = await startHttpServer(async ({ url = '/', socket }, response) => {
    if (!sockets.has(socket)) socket.once('close', () => sockets.delete(socket))
    sockets.add(socket)
    if (!url.startsWith('/events')) {
      response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html>')
      return
    }
    const isAlone = url.endsWith('?alone')
    if (isAlone) {
      for (let polls = 0; polls < 1_000 && sockets.size > 1; polls++) await pause(10)
      socketsWhenAlone.push(sockets.size)
    }
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    const ends = !isAlone && isOver(++requests)
    response.write(`retry: 0\ndata: ${ends ? 'over' : 'open'}\n\n`)
    if (ends) response.end()
  })
  return {
    ...server,
    url: `${server.origin}/events`,
    socketsWhenAlone,
    get openSockets() {
      return sockets.size
    },
  }
}
