import { isEventStream } from './content-type.ts'
import type { ErrorReason } from './events.ts'
import type { TransportResponse } from './transport/transport.ts'

/** Why a response is refused. */
export interface Refusal {
  readonly reason: ErrorReason
  readonly message: string
}

/**
 * "Otherwise, if res's status is not 200, or if res's `Content-Type` is not `text/event-stream`, then fail the
 * connection."
 * @param accepts the caller's rule for the Content-Type, instead of the standard's
 * @returns undefined if the response is an event stream
 */
export function findRefusal(
  { status, statusText, contentType, url }: TransportResponse,
  accepts: ((contentType: string | null) => boolean) | null | undefined,
): Refusal | undefined {
  // The query may contain a secret.
  const from = `from ${url.replace(/[?#].*/, '')}`
  if (status !== 200) {
    return { reason: 'status', message: ['HTTP', status, statusText, from].filter(Boolean).join(' ') }
  }
  if ((accepts ?? isEventStream)(contentType)) return undefined
  const rule = accepts ? 'which acceptContentType refuses' : 'not text/event-stream'
  return { reason: 'content-type', message: `content-type ${contentType}, ${rule}, ${from}` }
}
