import type { RequestListener } from 'node:http'
import {
  createSecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type SecureServerOptions,
  type ServerHttp2Session,
} from 'node:http2'
import { createServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { certificate, key } from '../../fixtures/certificate.ts'
import { listenAt } from '../http-server.ts'

export interface Http2Server {
  /** The origin, such as https://localhost:40001. */
  readonly origin: string
  /** The number of connections so far. */
  readonly connectionCount: number
  /** The open connections, including those with HTTP/1.1. */
  readonly connections: ReadonlySet<Socket>
  /** The open sessions of HTTP/2. */
  readonly sessions: ReadonlySet<ServerHttp2Session>
  close(): Promise<void>
}

export interface Http2Options extends SecureServerOptions {
  /** The port (default: any free one). */
  port?: number
  /** Whether the server speaks only HTTP/1.1, even to clients that prefer HTTP/2. */
  http1Only?: boolean
}

/** Starts a server on this machine that speaks HTTP/2, and HTTP/1.1 if the client prefers it. */
export async function startHttp2Server(
  listener: (request: Http2ServerRequest, response: Http2ServerResponse) => void,
  { port = 0, http1Only = false, ...options }: Http2Options = {},
): Promise<Http2Server> {
  const connections = new Set<Socket>()
  const sessions = new Set<ServerHttp2Session>()
  let connectionCount = 0
  const given = { cert: certificate, key, ...options }
  const server = http1Only
    ? createServer({ keepAliveTimeout: 0, ...given }, listener as unknown as RequestListener)
    : createSecureServer({ allowHTTP1: true, ...given }, listener)
  server.on('connection', (socket: Socket) => {
    connectionCount++
    connections.add(socket)
    socket.on('error', () => socket.destroy()).on('close', () => connections.delete(socket))
  })
  server.on('session', (session: ServerHttp2Session) => {
    sessions.add(session)
    session.on('error', () => session.destroy()).on('close', () => sessions.delete(session))
  })
  await listenAt(port, server)
  return {
    origin: `https://localhost:${(server.address() as AddressInfo).port}`,
    get connectionCount() {
      return connectionCount
    },
    connections,
    sessions,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const session of sessions) session.destroy()
        for (const socket of connections) socket.destroy()
      }),
  }
}
