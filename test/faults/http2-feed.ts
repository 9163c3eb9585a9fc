import type { RequestListener } from 'node:http'
import { createServer, type ServerHttp2Session } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { type Http2FaultKind, seededHttp2Plan } from '../../fixtures/http2/fault-plan.ts'
import { startHttp2FaultProxy } from '../../fixtures/http2/fault-proxy.ts'
import { numberedFeed } from '../../fixtures/numbered-feed.ts'

export interface FaultyHttp2Feed {
  readonly url: string
  readonly origin: string
  readonly faults: ReadonlyMap<Http2FaultKind, number>
  /** Nothing is delivered again by this proxy. */
  readonly redeliveries: readonly []
  /** The highest event that a client has said it has. */
  readonly reached: number
  readonly openSockets: number
  close(): Promise<void>
}

/** Of a compressed stream, there are fewer bytes for as many events: every fourth is one. */
const streamsPerCompressed = 4

/** Bytes of an event, about; compressed, it has fewer. */
const eventSize = 25

/** Starts a feed of numbered events over HTTP/2, and the fault proxy in front of it that clients are to ask. */
export async function startFaultyHttp2Feed(
  seed: number,
  eventsPerFault: number,
  total: number,
): Promise<FaultyHttp2Feed> {
  const feed = numberedFeed({ total, reconnectionTime: 1 })
  const sessions = new Set<ServerHttp2Session>()
  let reached = 0
  let streams = 0
  const server = createServer((request, response) => {
    reached = Math.max(reached, Number(request.headers['last-event-id'] ?? 0))
    if (++streams % streamsPerCompressed) request.headers['accept-encoding'] = 'identity'
    ;(feed as unknown as (...pair: unknown[]) => ReturnType<RequestListener>)(request, response)
  })
  server.on('session', (session) => {
    sessions.add(session)
    session.on('error', () => session.destroy()).on('close', () => sessions.delete(session))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const proxy = await startHttp2FaultProxy({ target: port, plan: seededHttp2Plan(seed, eventsPerFault * eventSize) })
  return {
    origin: proxy.origin,
    // Streams that nothing goes wrong with come to an end, too.
    url: `${proxy.origin}/events?events=${2 * eventsPerFault}`,
    faults: proxy.faults,
    redeliveries: [],
    get reached() {
      return reached
    },
    get openSockets() {
      return proxy.openSockets
    },
    async close() {
      await proxy.close()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const session of sessions) session.destroy()
      await closed
    },
  }
}
