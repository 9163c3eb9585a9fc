import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { type HttpServer, startHttpServer } from '../../http-server.ts'

export interface EndlessFeed extends HttpServer {
  /** The ms from the client's notification that it leaves until the close of the connection, for each connection. */
  readonly millisecondsToClose: readonly number[]
  /** The maximum of bytes that were written and not yet consumed, at the notifications of the client. */
  readonly maxHeldBack: number
}

export interface EndlessFeedOptions {
  /** The length of an event in bytes. */
  readonly eventSize: number
  /** The milliseconds between two events (default: as fast as the connection allows). */
  readonly pace?: number
}

/** Starts a feed that never ends and that measures one connection at a time. */
export async function startEndlessFeed({ eventSize, pace }: EndlessFeedOptions): Promise<EndlessFeed> {
  const event = `data: ${'x'.repeat(eventSize - 'data: \n\n'.length)}\n\n`
  const millisecondsToClose: number[] = []
  let maxHeldBack = 0
  let left = 0
  let written = 0
  let closed: Promise<unknown> = Promise.resolve()

  const write = async (response: ServerResponse): Promise<void> => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    written = 0
    closed = once(response, 'close').then(() => millisecondsToClose.push(performance.now() - left))
    while (!response.destroyed) {
      const isDrained = response.write(event)
      written += eventSize
      if (pace !== undefined) await pause(pace)
      else if (!isDrained) await Promise.race([once(response, 'drain'), closed])
    }
  }

  const server = await startHttpServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://feed.example')
    if (pathname === '/events') {
      void write(response)
      return
    }
    if (pathname === '/leaving') left = performance.now()
    if (pathname === '/consumed') {
      maxHeldBack = Math.max(maxHeldBack, written - Number(searchParams.get('events')) * eventSize)
    }
    if (pathname === '/closed') void closed.then(() => response.end())
    else response.setHeader('Content-Type', 'text/html').end('<!doctype html>')
  })

  return {
    ...server,
    millisecondsToClose,
    get maxHeldBack() {
      return maxHeldBack
    },
  }
}
