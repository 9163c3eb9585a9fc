import type { RequestListener } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import type { Socket } from 'node:net'
import { afterEach, beforeEach, vi } from 'vitest'
import { certificate } from '../../fixtures/certificate.ts'
import { Connections } from '../../src/node/connections.ts'
import type { TransportRequest } from '../../src/transport/transport.ts'
import { startHttpServer } from '../http-server.ts'
import { exchange } from '../transport/exchange.ts'
import { createRequest } from '../transport/record.ts'
import { overNode } from '../transport/transports.ts'
import { type Http2Options, type Http2Server, startHttp2Server } from './http2-server.ts'

export type Listener = (request: Http2ServerRequest, response: Http2ServerResponse) => void

const closers: (() => unknown)[] = []

/** Calls a function after the test. */
export function afterTest(close: () => unknown): void {
  closers.push(close)
}
/** The connections of the test. */
export let connections: Connections

beforeEach(() => {
  connections = new Connections({ tls: { ca: certificate } })
})

afterEach(async () => {
  vi.unstubAllEnvs()
  await Promise.all(closers.splice(0).map((close) => close()))
})

/** Starts a server that speaks HTTP/1.1 without TLS, until the end of the test. */
export async function startHttp(
  listener: RequestListener,
  onConnection?: (socket: Socket) => unknown,
): Promise<string> {
  const { origin, close } = await startHttpServer((request, response) => {
    if (!seen.has(request.socket)) onConnection?.(request.socket)
    seen.add(request.socket)
    listener(request, response)
  })
  const seen = new WeakSet<Socket>()
  afterTest(close)
  return origin
}

/** Starts a server that speaks HTTP/2, until the end of the test. */
export async function serve(listener: Listener, options?: Http2Options): Promise<Http2Server> {
  const server = await startHttp2Server(listener, options)
  afterTest(server.close)
  return server
}

/** Answers with a stream that stays open. */
export const open: Listener = (_, response) => {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' })
  response.write('retry: 1\n\ndata: open\n\n')
}

/** A request that was sent. */
export interface Sent {
  /** Resolves with the first chunk, or rejects. */
  readonly begun: Promise<void>
  /** Rejects unless the body ends. */
  readonly done: Promise<void>
  readonly chunks: readonly string[]
  abort(): void
}

/** @param dispatcher null for the default */
export function send(
  url: string,
  given: Partial<TransportRequest> = {},
  dispatcher: Connections | null = connections,
): Sent {
  const controller = new AbortController()
  const chunks: string[] = []
  let begin = (): void => {}
  const chunk = new Promise<void>((resolve) => {
    begin = resolve
  })
  const done = exchange(
    overNode(dispatcher ?? undefined),
    createRequest(url, { signal: controller.signal, ...given }),
    {
      response() {},
      bytes(bytes) {
        chunks.push(`${Buffer.from(bytes)}`)
        begin()
        return undefined
      },
      refuse() {},
    },
  )
  const begun = Promise.race([chunk, done])
  // Rejections are handled where these promises are awaited.
  for (const promise of [begun, done]) promise.catch(() => {})
  return { begun, done, chunks, abort: () => controller.abort() }
}

export const sendMany = (count: number, url: string): Sent[] => Array.from({ length: count }, () => send(url))

/** Waits until the body of each has begun. */
export const begin = (sent: readonly Sent[]): Promise<unknown> => Promise.all(sent.map(({ begun }) => begun))

/** Waits until all have ended, and returns the messages of their errors. */
export async function errorsOf(sent: readonly Sent[]): Promise<string[]> {
  const settled = await Promise.allSettled(sent.map(({ done }) => done))
  return settled.flatMap((outcome) => (outcome.status === 'rejected' ? [(outcome.reason as Error).message] : []))
}
