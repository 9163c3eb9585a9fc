import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

export interface GreetingServer {
  origin: string
  /** The first JSON that a page posts to `/received`. */
  received: Promise<unknown>
  [Symbol.asyncDispose](): Promise<void>
}

/** Serves one event on a stream that stays open at `/greeting`, and files at other paths. */
export const startGreetingServer = async (files: Readonly<Record<string, string>> = {}): Promise<GreetingServer> => {
  let setReceived: (value: unknown) => void
  const received = new Promise((resolve) => {
    setReceived = resolve
  })
  const server = createServer(async (request, response) => {
    const { url = '' } = request
    const file = files[url]
    if (url === '/greeting') {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('id: 7\nevent: greeting\ndata: hello\n\n')
    } else if (url === '/received') {
      setReceived(await json(request))
      response.end()
    } else if (file) {
      response.writeHead(200, { 'content-type': file.endsWith('.html') ? 'text/html' : 'text/javascript' })
      response.end(await readFile(file))
    } else {
      response.writeHead(404).end()
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${port}`,
    received,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
