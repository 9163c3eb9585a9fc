import http, { type ClientRequest, type RequestOptions } from 'node:http'
import type { Socket } from 'node:net'
import { endpointOf } from './connector.ts'
import { splitOrigin } from './header-fields.ts'

/**
 * Node's own class, below whatever has replaced it. Tools that replace `http.request` or this class (mocks, proxy agents,
 * tracers) expect a request that has yet to connect, and would send it somewhere else. What is set for a whole process
 * applies to `fetch`, and so to sources (`transport.ts`); tracers see the channels of `request-diagnostics.ts`.
 */
function findClientRequest(): typeof ClientRequest {
  let { prototype } = http.ClientRequest
  for (let parent = prototype; parent !== http.OutgoingMessage.prototype; parent = Object.getPrototypeOf(parent)) {
    prototype = parent
  }
  return prototype.constructor as typeof ClientRequest
}

let OwnClientRequest: typeof ClientRequest | undefined

/**
 * Creates a request over a connected socket.
 * @param origin the origin of the server, or of the proxy that forwards the request: what tracers report
 */
export function createRequest(socket: Socket, origin: string, options: RequestOptions): ClientRequest {
  OwnClientRequest ??= findClientRequest()
  const { host, port } = endpointOf(origin)
  const request = new OwnClientRequest({ ...options, host, port, createConnection: () => socket })
  const [scheme] = splitOrigin(origin)
  // As an option, it would have to be the protocol of an agent.
  request.protocol = `${scheme}:`
  return request
}
