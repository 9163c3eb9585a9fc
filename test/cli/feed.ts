import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { certificate, key } from '../../fixtures/certificate.ts'

/** A request that the feed has received. */
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

/** Sends one response. The first request gets the first answer, and so on; further requests get the last one. */
export type Answer = (response: ServerResponse) => unknown

/** Answers with a stream that sends a text and stays open. */
export function open(text: string): Answer {
  return (response) => response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(text)
}

/** Answers with a stream that sends a text and ends. */
export function ended(text: string): Answer {
  return (response) => response.writeHead(200, { 'Content-Type': 'text/event-stream' }).end(text)
}

/** Answers with a status other than 200, or with something other than a stream. */
export function refused(status: number, text = '', headers: Readonly<Record<string, string>> = {}): Answer {
  return (response) => response.writeHead(status, headers).end(text)
}

/** Starts a server with the given answers. */
export async function startFeed(answers: readonly Answer[], { tls = false, host = '127.0.0.1' } = {}): Promise<Feed> {
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
  // Node would otherwise close an idle connection after five seconds, possibly during the next request.
  const options = { keepAliveTimeout: 0 }
  const server = tls
    ? createTlsServer({ ...options, cert: certificate, key }, listener)
    : createServer(options, listener)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, host, resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    origin: `http${tls ? 's' : ''}://${host}:${port}`,
    port,
    requests,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}
