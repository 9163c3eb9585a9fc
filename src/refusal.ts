import { isEventStream } from './content-type.ts'
import type { ErrorCode } from './events.ts'
import type { TransportResponse } from './transport/transport.ts'

/** Why a response is refused. */
export interface Refusal {
  readonly code: ErrorCode
  readonly message: string
}

/**
 * "Otherwise, if res's status is not 200, or if res's `Content-Type` is not `text/event-stream`, then fail the
 * connection."
 * @returns undefined if the response is an event stream
 */
export function findRefusal({ status, contentType }: TransportResponse): Refusal | undefined {
  if (status !== 200) return { code: 'status', message: `status ${status}` }
  if (isEventStream(contentType)) return undefined
  return { code: 'content-type', message: `content-type: ${contentType}, not text/event-stream` }
}
