import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { startHttpServer } from '../http-server.ts'
import { createLookout } from '../lookout.ts'

export interface LifecycleFeed {
  readonly origin: string
  /** The Last-Event-ID of each request so far, '' where there was none. */
  readonly requests: readonly string[]
  /** How many streams are open. */
  readonly open: number
  /** While true, whoever connects is cut off at once. */
  isGone: boolean
  /** Resolves when `holds` does; looked at again whenever a stream opens or closes. */
  until(holds: () => boolean): Promise<void>
  /** Ends every stream there is. */
  cut(): void
  close(): Promise<void>
}

/** Milliseconds between two events. */
const pace = 20

/** Serves a page at `/`, whose script is given, another at `/other`, and numbered events that resume at `/events`. */
export async function startLifecycleFeed(script: string): Promise<LifecycleFeed> {
  const requests: string[] = []
  const streams = new Set<ServerResponse>()
  const { look, until } = createLookout()

  const server = await startHttpServer(async (request, response) => {
    if (request.url !== '/events') {
      const content = request.url === '/' ? '<script src="page.js"></script>' : 'another page'
      const isScript = request.url === '/page.js'
      response.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html; charset=utf-8')
      response.end(isScript ? script : `<!doctype html><title>lifecycle</title>${content}`)
      return
    }
    const lastEventId = `${request.headers['last-event-id'] ?? ''}`
    requests.push(lastEventId)
    look()
    if (feed.isGone) {
      response.destroy()
      return
    }
    streams.add(response)
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
    response.write('retry: 50\n\n')
    let number = Number(lastEventId)
    const timer = setInterval(() => response.write(`id: ${++number}\ndata: ${number}\n\n`), pace)
    look()
    await once(response, 'close')
    clearInterval(timer)
    streams.delete(response)
    look()
  })

  const feed: LifecycleFeed = {
    origin: server.origin,
    requests,
    isGone: false,
    get open() {
      return streams.size
    },
    until,
    cut() {
      for (const stream of streams) stream.destroy()
    },
    close: () => server.close(),
  }
  return feed
}
