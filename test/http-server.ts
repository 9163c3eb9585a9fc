import { createServer, type RequestListener, type ServerOptions } from 'node:http'
import type { AddressInfo } from 'node:net'

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
