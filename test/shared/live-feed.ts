import type { ServerResponse } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { numberedEvent } from '../../fixtures/numbered-events.ts'
import { startHttpServer } from '../http-server.ts'
import { createLookout } from '../lookout.ts'

/*
 * A feed as a live site has it: one sequence of numbered events for all, which goes on whoever listens. A connection gets
 * what came after its Last-Event-ID, without one only what is new.
 *
 *   GET /events   the feed
 *   GET /hang     is answered when the test says so
 *   GET /FILE?TAB a file; what it requests comes with its address, so that the feed knows which tab is connected
 */

export interface Connection {
  readonly tab: string
  /** Who the tab said that it is. */
  readonly user: string | undefined
}

export interface LiveFeed {
  readonly origin: string
  /** The connections that are open, in the order in which they came. */
  readonly connections: readonly Connection[]
  /** How many requests for events have come. */
  readonly requests: number
  /** The most connections that were open at a time. */
  readonly most: number
  /** The number of the last event. */
  readonly number: number
  /** What further requests for events are answered with, instead of events. */
  refusal: number | undefined
  /** Sends one event. */
  send(): void
  /** Sends events, one every `pace` ms, until they are stopped. */
  flow(pace: number): { stop(): Promise<void> }
  /** Ends every connection. */
  drop(): void
  /** Resolves when `holds` does; looked at again whenever a connection comes or goes. */
  until(holds: () => boolean): Promise<void>
  /** Resolves with the tab whose connection is the only one, and which is none of these. */
  leader(...others: readonly string[]): Promise<string>
  /** Answers the requests that hang. */
  release(): void
  close(): Promise<void>
}

export async function startLiveFeed(files: Readonly<Record<string, string>>): Promise<LiveFeed> {
  const connections = new Map<ServerResponse, Connection>()
  const hanging = new Set<ServerResponse>()
  const { look, until } = createLookout()
  let requests = 0
  let most = 0
  let number = 0

  const connect = (last: number, connection: Connection, response: ServerResponse): void => {
    requests++
    if (feed.refusal === undefined) {
      response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
      response.write('retry: 20\n\n')
      for (let missed = last + 1; missed <= number; missed++) response.write(text(missed))
      connections.set(response, connection)
      most = Math.max(most, connections.size)
      response.on('close', () => {
        connections.delete(response)
        look()
      })
    } else response.writeHead(feed.refusal).end('refused')
    look()
  }

  const server = await startHttpServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://feed.example')
    const { referer = '', 'last-event-id': last = number, 'x-user': user } = request.headers
    const file = files[pathname]
    if (pathname === '/events') {
      connect(Number(last), { tab: new URL(referer).search.slice(1), user: user?.toString() }, response)
    } else if (pathname === '/hang') hanging.add(response)
    else if (file === undefined) response.writeHead(404).end()
    else {
      const type = pathname.endsWith('.js') ? 'text/javascript' : 'text/html'
      response.writeHead(200, { 'Content-Type': `${type}; charset=utf-8` }).end(file)
    }
  })

  const feed: LiveFeed = {
    origin: server.origin,
    get connections() {
      return [...connections.values()]
    },
    get requests() {
      return requests
    },
    get most() {
      return most
    },
    get number() {
      return number
    },
    refusal: undefined,
    send() {
      number++
      for (const response of connections.keys()) response.write(text(number))
    },
    flow(pace) {
      const stopping = new AbortController()
      const run = async (): Promise<void> => {
        while (!stopping.signal.aborted) {
          feed.send()
          await pause(pace)
        }
      }
      const flowing = run()
      return {
        stop() {
          stopping.abort()
          return flowing
        },
      }
    },
    drop() {
      for (const response of connections.keys()) response.end()
    },
    until,
    async leader(...others) {
      const isLeader = ({ tab }: Connection): boolean => !others.includes(tab)
      await feed.until(() => connections.size === 1 && feed.connections.every(isLeader))
      return feed.connections[0]?.tab ?? ''
    },
    release() {
      for (const response of hanging) response.end()
      hanging.clear()
    },
    close: () => server.close(),
  }
  return feed
}

function text(number: number): string {
  const { type, data } = numberedEvent(number)
  const lines = data.split('\n').map((line) => `data: ${line}\n`)
  return `id: ${number}\nevent: ${type}\n${lines.join('')}\n`
}
