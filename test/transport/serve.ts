import type { RequestListener } from 'node:http'
import { afterEach } from 'vitest'
import { type HttpServer, startHttpServer } from '../http-server.ts'

const servers: HttpServer[] = []

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

/** Starts a server that is closed at the end of the test. */
export async function serve(listener: RequestListener): Promise<string> {
  const server = await startHttpServer(listener)
  servers.push(server)
  return server.origin
}
