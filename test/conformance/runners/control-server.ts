import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { SuiteReport } from './report.ts'

export interface ControlServer {
  /** The URL to post reports to, each as JSON. */
  url: string
  close(): Promise<void>
}

/** Receives the reports of pages and workers, on its own origin so that it uses none of the feed's connections. */
export async function startControlServer(record: (report: SuiteReport) => void): Promise<ControlServer> {
  // By default Node closes an idle connection after five seconds, perhaps exactly when the next report arrives.
  const server = createServer({ keepAliveTimeout: 0 }, async (request, response) => {
    const body = await text(request)
    if (request.method === 'POST') record(JSON.parse(body) as SuiteReport)
    response.writeHead(204, { 'Access-Control-Allow-Origin': '*' }).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/`,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}
