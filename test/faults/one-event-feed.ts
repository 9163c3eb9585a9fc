import { setTimeout as pause } from 'node:timers/promises'
import { type HttpServer, startHttpServer } from '../http-server.ts'

export interface OneEventFeed extends HttpServer {
  /** The URL that answers every request with one event. Other paths answer with an empty page. */
  readonly url: string
  /**
   * The number of open connections at each request with the query `alone`. Such a request gets its event once its
   * connection is the only one, or after a timeout.
   */
  readonly socketsWhenAlone: readonly number[]
}

/** @param endsAfterEvent whether the body of the nth request ends after the event, whose data says so */
export async function startOneEventFeed(
  endsAfterEvent: (request: number) => boolean = () => false,
): Promise<OneEventFeed> {
  const socketsWhenAlone: number[] = []
  let requests = 0
  const server = await startHttpServer(async ({ url = '/' }, response) => {
    if (!url.startsWith('/events')) {
      response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html>')
      return
    }
    const isAlone = url.endsWith('?alone')
    if (isAlone) {
      for (let polls = 0; polls < 1_000 && server.connections.size > 1; polls++) await pause(10)
      socketsWhenAlone.push(server.connections.size)
    }
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    const ends = !isAlone && endsAfterEvent(++requests)
    response.write(`retry: 0\ndata: ${ends ? 'over' : 'open'}\n\n`)
    if (ends) response.end()
  })
  return { ...server, url: `${server.origin}/events`, socketsWhenAlone }
}
