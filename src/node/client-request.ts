import { channel } from 'node:diagnostics_channel'
import http, { type ClientRequest, type RequestOptions } from 'node:http'
import type { Socket } from 'node:net'
import { endpointOf, splitOrigin } from './connector.ts'

/**
 * Finds Node's own class, even if something has replaced it. Tools that replace `http.request` or this class (mocks,
 * proxy agents, tracers) expect a request that has yet to connect, and would send it somewhere else. What is set for a
 * whole process applies to `fetch`, and so to sources (`transport.ts`); tracers see the channels of
 * `request-diagnostics.ts`.
 */
function findClientRequest(): typeof ClientRequest {
  let { prototype } = http.ClientRequest
  for (let parent = prototype; parent !== http.OutgoingMessage.prototype; parent = Object.getPrototypeOf(parent)) {
    prototype = parent
  }
  return prototype.constructor as typeof ClientRequest
}

let OwnClientRequest: typeof ClientRequest | undefined

const tracerChannels = [channel('http.client.request.created'), channel('http.client.request.start')]

/** Whether tracers subscribe to the channels on which Node itself reports requests over HTTP/1.1. */
export function hasHttpTracers(): boolean {
  return tracerChannels.some(({ hasSubscribers }) => hasSubscribers)
}

/**
 * The peer of a connection: the server, or the proxy that forwards its requests. All connections to it share one
 * object.
 */
export interface HttpServer {
  readonly origin: string
  /** The scheme with a colon. */
  readonly protocol: string
  /** The host with its port, unless it is the default: the value of the Host header. */
  readonly authority: string
  readonly host: string
  readonly port: number
}

export function describeServer(origin: string): HttpServer {
  const [scheme, authority] = splitOrigin(origin)
  const { host, port } = endpointOf(origin)
  return { origin, protocol: `${scheme}:`, authority, host, port }
}

interface ClientRequestOptions extends Pick<RequestOptions, 'method' | 'path' | 'maxHeaderSize'> {
  readonly headers: Readonly<Record<string, string>>
}

/** Names and values, alternating. */
function toArray(headers: Readonly<Record<string, string>>): string[] {
  const fields: string[] = []
  for (const name of Object.keys(headers)) fields.push(name, headers[name] ?? '')
  return fields
}

/**
 * Creates a request over a connected socket.
 * @param server what tracers report
 */
export function createRequest(
  socket: Socket,
  { protocol, host, port }: HttpServer,
  { method, path, maxHeaderSize, headers }: ClientRequestOptions,
): ClientRequest {
  OwnClientRequest ??= findClientRequest()
  const request = new OwnClientRequest({
    method,
    path,
    maxHeaderSize,
    // An array is written at once. Headers that tracers can read and change would stay in memory as long as the stream.
    headers: hasHttpTracers() ? headers : toArray(headers),
    host,
    port,
    createConnection: () => socket,
  })
  // Without an agent, Node would close the connection after the response, in spite of the header.
  request.shouldKeepAlive = true
  // As an option, it would have to be the protocol of an agent.
  request.protocol = protocol
  return request
}
