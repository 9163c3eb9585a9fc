import { isEventStream } from './content-type.ts'
import type { ErrorReason } from './events.ts'
import type { TransportResponse } from './transport/transport.ts'

/** A response that is refused, and why. */
export interface Refusal {
  readonly response: TransportResponse
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
  response: TransportResponse,
  accepts: ((contentType: string | null) => boolean) | null | undefined,
): Refusal | undefined {
  const { status, statusText, url } = response
  const contentType = response.header('content-type')
  if (status === 200 && (accepts ?? isEventStream)(contentType)) return undefined
  // The query may contain a secret.
  const from = `from ${url.replace(/[?#].*/, '')}`
  if (status !== 200) {
    return { reason: 'status', message: ['HTTP', status, statusText, from].filter(Boolean).join(' '), response }
  }
  const rule = accepts ? 'which acceptContentType refuses' : 'not text/event-stream'
  return { reason: 'content-type', message: `content-type ${contentType ?? 'missing'}, ${rule}, ${from}`, response }
}
