import { readFile } from 'node:fs/promises'
import { json } from 'node:stream/consumers'
import { type HttpServer, startHttpServer } from '../http-server.ts'

export interface GreetingServer extends HttpServer {
  /** The first JSON that a page posts to `/received`. */
  readonly received: Promise<unknown>
}

/** Serves one event on a stream that stays open at `/greeting`, and files at other paths. */
export async function startGreetingServer(files: Readonly<Record<string, string>> = {}): Promise<GreetingServer> {
  let setReceived: (value: unknown) => void
  const received = new Promise((resolve) => {
    setReceived = resolve
  })
  const server = await startHttpServer(async (request, response) => {
    const { url = '' } = request
    const file = files[url]
    if (url === '/greeting') {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' })
      response.write('id: 7\nevent: greeting\ndata: hello\n\n')
    } else if (url === '/received') {
      setReceived(await json(request))
      response.end()
    } else if (file) {
      response.writeHead(200, { 'Content-Type': file.endsWith('.html') ? 'text/html' : 'text/javascript' })
      response.end(await readFile(file))
    } else {
      response.writeHead(404).end()
    }
  })
  return { ...server, received }
}
