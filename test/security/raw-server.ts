import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { listenAt } from '../http-server.ts'

/** A server that records the received bytes without parsing them. */
export interface RawServer {
  /** The origin, such as http://127.0.0.1:40001. */
  readonly origin: string
  /** The bytes of each connection that has sent any, one character for each byte. */
  readonly received: readonly string[]
  close(): Promise<void>
}

const endOfHead = '\r\n\r\n'

/** @param answer returns the response to send after the head of a request, before the connection is closed */
export async function startRawServer(answer: () => string): Promise<RawServer> {
  const received: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    let index: number | undefined
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    // Clients may close the connection at any time.
    socket.on('error', () => {})
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => {
      index ??= received.push('') - 1
      const before = received[index] ?? ''
      received[index] = before + text
      if (!before.includes(endOfHead) && (before + text).includes(endOfHead)) socket.end(answer(), 'latin1')
    })
  })
  await listenAt(0, server)
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    async close() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

export interface RequestHead {
  readonly method: string
  readonly target: string
  /** The headers by their names in lower case. */
  readonly headers: ReadonlyMap<string, string>
}

/** Parses the bytes of exactly one request without a body. Throws if a server could interpret them differently. */
export function parseOnlyRequest(bytes: string): RequestHead {
  const [head = '', ...rest] = bytes.split(endOfHead)
  if (rest.length !== 1 || rest[0] !== '') throw new Error(`not one request: ${JSON.stringify(bytes)}`)
  const [requestLine = '', ...lines] = head.split('\r\n')
  const [, method, target] = /^([\w!#$%&'*+.^`|~-]+) ([!-~]+) HTTP\/1\.1$/.exec(requestLine) ?? []
  if (method === undefined || target === undefined)
    throw new Error(`not a request line: ${JSON.stringify(requestLine)}`)
  const headers = new Map<string, string>()
  for (const line of lines) {
    const [, name, value] = /^([\w!#$%&'*+.^`|~-]+):[\t ]*([^\0\r\n]*?)[\t ]*$/.exec(line) ?? []
    if (name === undefined || value === undefined) throw new Error(`not a header: ${JSON.stringify(line)}`)
    if (headers.has(name.toLowerCase())) throw new Error(`twice in one request: ${name}`)
    headers.set(name.toLowerCase(), value)
  }
  return { method, target, headers }
}
