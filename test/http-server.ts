import { createServer, type RequestListener, type ServerOptions } from 'node:http'
import type { AddressInfo, Server, Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

export interface HttpServer {
  /** The origin, such as http://127.0.0.1:40001. */
  readonly origin: string
  /** The open connections that have carried a request. */
  readonly connections: ReadonlySet<Socket>
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Starts a server on a free port of this machine. */
export async function startHttpServer(listener: RequestListener, options: ServerOptions = {}): Promise<HttpServer> {
  const connections = new Set<Socket>()
  // By default Node closes an idle connection after five seconds, perhaps exactly when the next request arrives.
  const server = createServer({ keepAliveTimeout: 0, ...options }, (request, response) => {
    const { socket } = request
    if (!connections.has(socket)) socket.once('close', () => connections.delete(socket))
    connections.add(socket)
    listener(request, response)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections,
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Listens on a port of this machine that another server may have used before; 0 means any free port. */
export async function listenAt(port: number, server: Server): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, '127.0.0.1', () => {
          server.off('error', reject)
          resolve()
        })
      })
    } catch (error) {
      // Another connection may have been assigned the port in the meantime, and will soon be gone.
      if (tries === 200 || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
      await pause(100)
    }
  }
}
