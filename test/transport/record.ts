import type { Transport, TransportRequest, TransportResponse } from '../../src/transport/transport.ts'
import { exchange } from './exchange.ts'

/** The reports of a transport. */
export interface Recording {
  response: TransportResponse | undefined
  readonly chunks: Uint8Array[]
  refusal:
    | { readonly reason: string; readonly message: string; readonly response: TransportResponse | undefined }
    | undefined
}

/** Creates a request as the engine does, with some members replaced. */
export function createRequest(url: string, given: Partial<TransportRequest> = {}): TransportRequest {
  return {
    url,
    method: 'GET',
    headers: new Headers({ Accept: 'text/event-stream' }),
    body: undefined,
    withCredentials: false,
    redirect: 'follow',
    signal: new AbortController().signal,
    ...given,
  }
}

/** Sends a request, and records all reports until the transport is done. */
export async function record(transport: Transport, request: TransportRequest): Promise<Recording> {
  const recording: Recording = { response: undefined, chunks: [], refusal: undefined }
  await exchange(transport, request, {
    response(response) {
      recording.response = response
    },
    bytes(chunk) {
      recording.chunks.push(chunk)
      return undefined
    },
    refuse(reason, message, response) {
      recording.refusal = { reason, message, response }
    },
  })
  return recording
}

export function textOf({ chunks }: Recording): string {
  return Buffer.concat(chunks).toString()
}
