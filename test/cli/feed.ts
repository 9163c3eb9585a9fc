import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { certificate, key } from '../../fixtures/certificate.ts'

/** One request, as the feed got it. */
export interface FeedRequest {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

export interface Feed extends AsyncDisposable {
  readonly origin: string
  readonly port: number
  readonly requests: readonly FeedRequest[]
}

/** What it answers with, the first request with the first, and all that come after the last with the last. */
export type Answer = (response: ServerResponse) => unknown

/** An answer that sends this text, and stays open. */
export function open(text: string): Answer {
  return (response) => response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(text)
}

/** An answer that sends this text, and ends. */
export function ended(text: string): Answer {
  return (response) => response.writeHead(200, { 'Content-Type': 'text/event-stream' }).end(text)
}

/** An answer with this status. */
export function refused(status: number, text = '', headers: Readonly<Record<string, string>> = {}): Answer {
  return (response) => response.writeHead(status, headers).end(text)
}

/** Some other server that events are made of. */
export async function startFeed(answers: readonly Answer[], { tls = false } = {}): Promise<Feed> {
  const requests: FeedRequest[] = []
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url = '', headers } = request
    const index = Math.min(requests.length, answers.length - 1)
    requests.push({ method, url, headers, body: await buffer(request) })
    answers[index]?.(response)
  }
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    answer(request, response).catch(() => response.destroy())
  }
  // Node would close an idle connection after five seconds: perhaps just when the next request comes on it.
  const options = { keepAliveTimeout: 0 }
  const server = tls
    ? createTlsServer({ ...options, cert: certificate, key }, listener)
    : createServer(options, listener)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    origin: `http${tls ? 's' : ''}://127.0.0.1:${port}`,
    port,
    requests,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}
