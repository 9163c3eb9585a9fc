import { text } from 'node:stream/consumers'
import { type HttpServer, startHttpServer } from '../../http-server.ts'
import type { SuiteReport } from './report.ts'

/**
 * Starts a server that receives the reports of pages and workers, each as JSON. It has its own origin, so that it uses
 * none of the feed's connections.
 */
export function startControlServer(record: (report: SuiteReport) => void): Promise<HttpServer> {
  return startHttpServer(async (request, response) => {
    const body = await text(request)
    if (request.method === 'POST') record(JSON.parse(body) as SuiteReport)
    response.writeHead(204, { 'Access-Control-Allow-Origin': '*' }).end()
  })
}
