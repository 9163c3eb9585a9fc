import { createServer, type RequestListener, type ServerOptions } from 'node:http'
import type { AddressInfo, Server } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

export interface HttpServer {
  /** Such as http://127.0.0.1:40001. */
  readonly origin: string
  close(): Promise<void>
}

/** Starts a server on a free port of this machine. */
export async function startHttpServer(listener: RequestListener, options: ServerOptions = {}): Promise<HttpServer> {
  // Node would close an idle connection after five seconds: perhaps just when the next request comes on it.
  const server = createServer({ keepAliveTimeout: 0, ...options }, listener)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Listens at a port of this machine, where another server may have listened before; 0 is any free one. */
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
      // A connection of somebody else's may have been given the port meanwhile, and will be gone soon.
      if (tries === 200 || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
      await pause(100)
    }
  }
}
