import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

export interface UnreliableFeed {
  readonly url: string
  close(): Promise<void>
}

/** What goes wrong, over and over: at least two of these within thirty events. */
const troubles = ['reset', 'end', 'unavailable', 'silence', 'restart'] as const

/** How many events come before something goes wrong. */
const eventsPerStream = 7

/** Milliseconds between two events: a pace that a person can follow. */
const pace = 230

const reconnectionTime = 700

/** For how many ms nobody listens in a restart: longer than a client waits, so that it finds out. */
const downtime = 1_100

/** A feed of events 1, 2, 3 and so on that goes wrong on purpose, and resumes. */
export async function startUnreliableFeed(): Promise<UnreliableFeed> {
  const closing = new AbortController()
  let requests = 0

  const server = createServer(async ({ headers }, response) => {
    const trouble = troubles[requests++ % troubles.length]
    if (trouble === 'unavailable') {
      response.writeHead(503, { 'Content-Type': 'text/plain' }).end('back in a bit\n')
      return
    }
    const gone = new AbortController()
    response.on('close', () => gone.abort())
    try {
      const next = await sendReadings(response, Number(headers['last-event-id'] ?? 0) + 1, gone.signal)
      if (trouble === 'end') response.end()
      else if (trouble === 'silence') response.write(reading(next).slice(0, 20))
      else if (trouble === 'reset') response.destroy()
      else await restart(server, closing.signal)
    } catch (error) {
      // The client has gone, or the feed is being closed.
      if (!gone.signal.aborted && !closing.signal.aborted) throw error
    }
  })

  await listen(server, 0)
  return {
    url: `http://127.0.0.1:${portOf(server)}/events`,
    async close() {
      closing.abort()
      await stop(server)
    },
  }
}

/** Returns the number of the reading that would come next. */
async function sendReadings(response: ServerResponse, first: number, signal: AbortSignal): Promise<number> {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
  response.write(`retry: ${reconnectionTime}\n\n`)
  let number = first
  while (number < first + eventsPerStream) {
    response.write(reading(number++))
    await pause(pace, undefined, { signal })
  }
  return number
}

function reading(number: number): string {
  const degrees = 21 + 4 * Math.sin(number / 5)
  return `id: ${number}\ndata: reading ${number}: ${degrees.toFixed(1)} °C\n\n`
}

/** As a server that restarts: its connections are gone, and nobody listens for a while. */
async function restart(server: Server, signal: AbortSignal): Promise<void> {
  const port = portOf(server)
  await stop(server)
  for (;;) {
    await pause(downtime, undefined, { signal })
    try {
      return await listen(server, port)
    } catch (error) {
      // A connection that happens to use this port for its own end will be gone soon.
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    }
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    // It complains only if nobody listened anyway.
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
