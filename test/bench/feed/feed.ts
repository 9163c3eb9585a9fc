import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createSecureServer } from 'node:http2'
import type { AddressInfo, Server } from 'node:net'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises'
import { certificate, key } from '../../../fixtures/certificate.ts'
import { eventBlocks, largeEvent, singleEvents, tokens } from './contents.ts'

/*
 * The feed of all benchmarks, over HTTP/1.1 and over HTTP/2 with TLS. It runs in its own process, and sends its origins to
 * its parent.
 * A HEAD request generates the content that a GET request for the same URL sends.
 *
 *   GET /flood?count=N      N events of 64 bytes in writes of 64 KiB, then the end
 *   GET /writes?count=N     N events of 64 bytes, each in its own write and turn of the event loop
 *   GET /tokens?count=N     N events of 50 bytes, each in its own HTTP chunk, as fast as the client reads, then [DONE]
 *   GET /large?count=N      one event of N bytes, in chunks of 1 KiB
 *   GET /idle               one event, then silence
 *   GET /drops?count=RUN    one event with the time when the run's last connection was reset, then a reset after 100 ms
 *   GET /paced?count=N      N events, 1,000 per second, with the time when they were written
 *
 * It also serves the files for pages that its parent sends. A page requests GET /go when it is ready, which is answered
 * when the parent sends 'go', and posts its values to /measured. The parent is notified of both requests.
 */

/** The first message to the parent, as JSON. */
export interface FeedOrigins {
  /** The origin over HTTP/1.1, such as http://127.0.0.1:40001. */
  readonly http: string
  /** The origin over HTTP/2, such as https://127.0.0.1:40002. */
  readonly http2: string
}

/** A message from the parent. */
export type FeedCommand = 'go' | { readonly path: string; readonly type: string; readonly body: string }

type Send = (response: ServerResponse, count: number) => Promise<void>

/** Returns the time in ns by the clock that all processes of a machine share. */
const now = (): bigint => process.hrtime.bigint()

/** The time in ms between the event and the reset of a stream, in which the client can read the event. */
const lifetime = 100

/** Writes all chunks as fast as the client reads, or one chunk per turn of the event loop. */
async function writeAll(response: ServerResponse, chunks: readonly Uint8Array[], perTurn = false): Promise<void> {
  let isClosed = false
  const closed = once(response, 'close').then(() => {
    isClosed = true
  })
  for (const chunk of chunks) {
    if (!response.write(chunk)) await Promise.race([once(response, 'drain'), closed])
    if (isClosed) return
    if (perTurn) await nextTurn()
  }
  response.end()
}

const contents: Record<string, ((count: number) => readonly Uint8Array[]) | undefined> = {
  '/flood': eventBlocks,
  '/writes': singleEvents,
  '/tokens': tokens,
  '/large': largeEvent,
}

const resetTimes = new Map<number, bigint>()

const routes: Record<string, Send | undefined> = {
  async '/idle'(response) {
    response.write('data: connected\n\n')
  },
  async '/drops'(response, run) {
    response.write(`retry: 100\nid: ${now()}\ndata: ${resetTimes.get(run) ?? 0}\n\n`)
    await pause(lifetime)
    resetTimes.set(run, now())
    response.socket?.resetAndDestroy()
  },
  async '/paced'(response, count) {
    const start = now()
    for (let sent = 0; sent < count && !response.destroyed; ) {
      const due = Math.min(Number((now() - start) / 1_000_000n), count)
      for (; sent < due; sent++) response.write(`data: ${now()}\n\n`)
      await pause(1)
    }
    response.end()
  },
}

const files = new Map<string, Exclude<FeedCommand, 'go'>>()
let go: (() => void) | undefined

/** @returns whether the request was for a page */
async function answerPage(path: string, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
  const file = files.get(path)
  if (file) response.writeHead(200, { 'Content-Type': file.type }).end(file.body)
  else if (path === '/go') {
    go = () => response.end()
    process.send?.('ready')
  } else if (path === '/measured') {
    process.send?.(await text(request))
    response.end()
  } else return false
  return true
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://feed.example')
  if (await answerPage(pathname, request, response)) return
  const count = Number(searchParams.get('count'))
  const chunks = contents[pathname]?.(count)
  // Not chained, which the responses of node:http2 do not support.
  response.setHeader('Content-Type', 'text/event-stream')
  response.setHeader('Cache-Control', 'no-store')
  if (request.method === 'HEAD') response.end()
  else if (chunks) await writeAll(response, chunks, pathname === '/writes')
  else if (routes[pathname]) await routes[pathname](response, count)
  else response.writeHead(404).end()
}

function listener(request: IncomingMessage, response: ServerResponse): void {
  // A client may disconnect at any time.
  response.on('error', () => {})
  void answer(request, response)
}

async function listen(server: Server): Promise<number> {
  await once(server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }), 'listening')
  return (server.address() as AddressInfo).port
}

const http2Server = createSecureServer({ cert: certificate, key })
// The requests and responses of node:http2 have all that the feed uses of those of node:http.
http2Server.on('request', listener as never)
http2Server.on('session', (session) => session.on('error', () => {}))
const origins: FeedOrigins = {
  http: `http://127.0.0.1:${await listen(createServer(listener))}`,
  http2: `https://127.0.0.1:${await listen(http2Server)}`,
}
process.send?.(JSON.stringify(origins))
process.on('message', (command: FeedCommand) => {
  if (command === 'go') return go?.()
  files.set(command.path, command)
  process.send?.(command.path)
})
process.on('disconnect', () => process.exit())
