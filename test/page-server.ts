import type { RequestListener, ServerOptions } from 'node:http'
import { bundlePage, htmlPage } from './bundle-page.ts'
import { type HttpServer, startHttpServer } from './http-server.ts'

/**
 * Starts a server for a page that runs a program, at `/page.html`.
 * @param entry the program, which is bundled
 * @param listener answers all other requests
 */
export async function startPageServer(
  entry: URL,
  listener: RequestListener,
  options?: ServerOptions,
): Promise<HttpServer> {
  const script = await bundlePage(entry)
  return startHttpServer((request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://localhost')
    if (pathname === '/page.html') response.setHeader('Content-Type', 'text/html').end(htmlPage('page.js'))
    else if (pathname === '/page.js') response.setHeader('Content-Type', 'text/javascript; charset=utf-8').end(script)
    else listener(request, response)
  }, options)
}
