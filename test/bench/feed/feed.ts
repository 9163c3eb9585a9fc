import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises'
import { eventBlocks, largeEvent, singleEvents, tokens } from './contents.ts'

/*
 * The feed that every benchmark reads: a process of its own, which tells its parent its origin.
 * A HEAD request has it make what a GET of the same URL will send.
 *
 *   GET /flood?count=N      N events of 64 bytes in writes of 64 KiB, then the end
 *   GET /writes?count=N     N such events, a write and a turn of the loop each
 *   GET /tokens?count=N     N events of 50 bytes, a chunk of HTTP each, as fast as they are read, then [DONE]
 *   GET /large?count=N      one event of N bytes, in chunks of 1 KiB
 *   GET /idle               one event, then silence
 *   GET /drops?count=RUN    an event whose data is when the last connection of this run was killed, and soon is killed itself
 *   GET /paced?count=N      N events, 1,000 a second, whose data is when they were written
 *
 * For pages it serves the files that its parent sends. A page asks GET /go when it is ready, is answered when the parent
 * says so, and posts to /measured; the parent hears of both.
 */

/** What the parent sends. */
export type FeedCommand = 'go' | { readonly path: string; readonly type: string; readonly body: string }

type Send = (response: ServerResponse, count: number) => Promise<void>

/** By the clock that all processes of a machine share, in ns. */
const now = (): bigint => process.hrtime.bigint()

/** How long a stream that will be killed lasts after its event, for the client to have read it, in ms. */
const lifetime = 100

/** Writes all chunks, as fast as they are read, or a chunk a turn of the loop. */
async function writeAll(response: ServerResponse, chunks: readonly Uint8Array[], perTurn = false): Promise<void> {
  const closed = once(response, 'close')
  for (const chunk of chunks) {
    if (!response.write(chunk)) await Promise.race([once(response, 'drain'), closed])
    if (response.destroyed) return
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

const kills = new Map<number, bigint>()

const routes: Record<string, Send | undefined> = {
  async '/idle'(response) {
    response.write('data: connected\n\n')
  },
  async '/drops'(response, run) {
    response.write(`retry: 100\nid: ${now()}\ndata: ${kills.get(run) ?? 0}\n\n`)
    await pause(lifetime)
    kills.set(run, now())
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

/** @returns whether it was something for pages */
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
  response.setHeader('Content-Type', 'text/event-stream').setHeader('Cache-Control', 'no-store')
  if (request.method === 'HEAD') response.end()
  else if (chunks) await writeAll(response, chunks, pathname === '/writes')
  else if (routes[pathname]) await routes[pathname](response, count)
  else response.writeHead(404).end()
}

const server = createServer((request, response) => {
  // A client that leaves is nothing that went wrong.
  response.on('error', () => {})
  void answer(request, response)
})
server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, () => {
  process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
process.on('message', (command: FeedCommand) => {
  if (command === 'go') return go?.()
  files.set(command.path, command)
  process.send?.(command.path)
})
process.on('disconnect', () => process.exit())
