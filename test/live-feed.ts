import type { ServerResponse } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { numberedEvent } from '../fixtures/numbered-events.ts'
import { Condition } from './condition.ts'
import { startHttpServer } from './http-server.ts'

/*
 * A feed like that of a live site: one sequence of numbered events for all clients. A connection receives the events
 * after its Last-Event-ID, or only new ones if it has none.
 *
 *   GET /events   the feed
 *   GET /hang     is answered when the test calls release()
 *   GET /FILE?TAB a file of the test; the Referer of its requests tells the feed which tab is connected
 */

export interface Connection {
  /** The name of the tab. */
  readonly tab: string
  /** The header X-User of the request. */
  readonly user: string | undefined
}

export interface LiveFeed {
  readonly origin: string
  /** The open connections, in the order of their requests. */
  readonly connections: readonly Connection[]
  /** The Last-Event-ID of each request for events so far, '' if it had none. */
  readonly lastEventIds: readonly string[]
  /** The number of requests for events so far. */
  readonly requests: number
  /** The maximum number of connections that were open at the same time. */
  readonly maxConnections: number
  /** The number of the last event. */
  readonly number: number
  /** The status of further responses instead of events. */
  refusal: number | undefined
  /** Whether the feed also sends events without IDs, which it never repeats: on every connection, and after every third event. */
  hasPings: boolean
  /** Whether every connection begins with a block that has only an ID: the one after which events follow. */
  hasStartIds: boolean
  /** Whether further connections are closed at once. */
  isGone: boolean
  /** Sends one event. */
  send(): void
  /** Sends events every `pace` ms until it is stopped. */
  flow(pace: number): { stop(): Promise<void> }
  /** Ends every connection cleanly. */
  drop(): void
  /** Closes every connection without an end of the response. */
  cut(): void
  /** Resolves as soon as the predicate holds, which is checked whenever a connection opens or closes. */
  until(predicate: () => boolean): Promise<void>
  /** Resolves with the tab of the only connection, once that is none of the given tabs. */
  leader(...others: readonly string[]): Promise<string>
  /** Answers the requests for /hang. */
  release(): void
  close(): Promise<void>
}

/** @param files the contents of files, by path */
export async function startLiveFeed(files: Readonly<Record<string, string>>): Promise<LiveFeed> {
  const connections = new Map<ServerResponse, Connection>()
  const hanging = new Set<ServerResponse>()
  const lastEventIds: string[] = []
  const changed = new Condition()
  let maxConnections = 0
  let number = 0

  const connect = (last: number, connection: Connection, response: ServerResponse): void => {
    if (feed.isGone) response.destroy()
    else if (feed.refusal === undefined) {
      response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
      response.write('retry: 20\n\n')
      if (feed.hasStartIds) response.write(`id: ${last}\n\n`)
      if (feed.hasPings) response.write(ping)
      for (let missed = last + 1; missed <= number; missed++) response.write(text(missed))
      connections.set(response, connection)
      maxConnections = Math.max(maxConnections, connections.size)
      response.on('close', () => {
        connections.delete(response)
        changed.signal()
      })
    } else response.writeHead(feed.refusal).end('refused')
    changed.signal()
  }

  const server = await startHttpServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://feed.example')
    const { referer = '', 'last-event-id': last, 'x-user': user } = request.headers
    const file = files[pathname]
    if (pathname === '/events') {
      lastEventIds.push(`${last ?? ''}`)
      connect(Number(last ?? number), { tab: new URL(referer).search.slice(1), user: user?.toString() }, response)
    } else if (pathname === '/hang') hanging.add(response)
    else if (file === undefined) response.writeHead(404).end()
    else {
      const type = pathname.endsWith('.js') ? 'text/javascript' : 'text/html'
      response.writeHead(200, { 'Content-Type': `${type}; charset=utf-8` }).end(file)
    }
  })

  const feed: LiveFeed = {
    origin: server.origin,
    lastEventIds,
    get connections() {
      return [...connections.values()]
    },
    get requests() {
      return lastEventIds.length
    },
    get maxConnections() {
      return maxConnections
    },
    get number() {
      return number
    },
    refusal: undefined,
    isGone: false,
    hasPings: false,
    hasStartIds: false,
    send() {
      number++
      for (const response of connections.keys()) {
        response.write(text(number))
        if (feed.hasPings && number % 3 === 0) response.write(ping)
      }
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
    cut() {
      for (const response of connections.keys()) response.destroy()
    },
    until: (predicate) => changed.until(predicate),
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

const ping = 'event: ping\ndata: ping\n\n'

function text(number: number): string {
  const { type, data } = numberedEvent(number)
  const lines = data.split('\n').map((line) => `data: ${line}\n`)
  return `id: ${number}\nevent: ${type}\n${lines.join('')}\n`
}
