import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

export interface UnreliableFeed {
  readonly url: string
  close(): Promise<void>
}

/** The faults, in the order in which they are repeated: at least two of them within thirty events. */
const faults = ['reset', 'end', 'unavailable', 'silence', 'restart'] as const

/** The number of events before each fault. */
const eventsPerStream = 7

/** The time between two events in ms, slow enough for a person to follow. */
const eventInterval = 230

/** The value of the `retry` field, in ms. */
const reconnectionTime = 700

/** The duration of a restart in ms: longer than the reconnection time, so that the client's connection is refused. */
const downtime = 1_100

/** Starts a feed of events 1, 2, 3 and so on that fails on purpose, and resumes after the last event ID. */
export async function startUnreliableFeed(): Promise<UnreliableFeed> {
  const closing = new AbortController()
  let requests = 0

  const server = createServer(async ({ headers }, response) => {
    const fault = faults[requests++ % faults.length]
    if (fault === 'unavailable') {
      response.writeHead(503, { 'Content-Type': 'text/plain' }).end('back soon\n')
      return
    }
    const gone = new AbortController()
    response.on('close', () => gone.abort())
    try {
      const next = await sendReadings(response, Number(headers['last-event-id'] ?? 0) + 1, gone.signal)
      if (fault === 'end') response.end()
      else if (fault === 'silence') response.write(reading(next).slice(0, 20))
      else if (fault === 'reset') response.destroy()
      else await restart(server, closing.signal)
    } catch (error) {
      // The client has disconnected, or the feed is being closed.
      if (!gone.signal.aborted && !closing.signal.aborted) throw error
    }
  })

  await bind(server, 0)
  return {
    url: `http://127.0.0.1:${portOf(server)}/events`,
    async close() {
      closing.abort()
      await stop(server)
    },
  }
}

/** Sends some readings, and returns the number of the next one. */
async function sendReadings(response: ServerResponse, first: number, signal: AbortSignal): Promise<number> {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
  response.write(`retry: ${reconnectionTime}\n\n`)
  let number = first
  while (number < first + eventsPerStream) {
    response.write(reading(number++))
    await pause(eventInterval, undefined, { signal })
  }
  return number
}

function reading(number: number): string {
  const degrees = 21 + 4 * Math.sin(number / 5)
  return `id: ${number}\ndata: reading ${number}: ${degrees.toFixed(1)} °C\n\n`
}

/** Acts like a server that restarts: closes all connections, and refuses new ones for a while. */
async function restart(server: Server, signal: AbortSignal): Promise<void> {
  const port = portOf(server)
  await stop(server)
  for (;;) {
    await pause(downtime, undefined, { signal })
    try {
      return await bind(server, port)
    } catch (error) {
      // An outgoing connection may be using this port as its own for a moment.
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    }
  }
}

function bind(server: Server, port: number): Promise<void> {
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
    // The only possible error is that the server was not listening.
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
