import type { ErrorDetails, ErrorReason } from './events.ts'
import type { TransportResponse } from './transport/transport.ts'

/** How an attempt ended, unless it was aborted. */
export interface CompletedOutcome extends Omit<ErrorDetails, 'willReconnect' | 'delay'> {
  /** `ended`: the body ended. `lost`: the network or a callback failed. `refused`: the response cannot be used. */
  readonly kind: 'ended' | 'lost' | 'refused'
  /** The delay that the response's Retry-After asks for, in ms. */
  readonly retryAfter: number | undefined
}

/** How an attempt ended; `aborted`: it was ended from this side. */
export type Outcome = CompletedOutcome | { readonly kind: 'aborted' }

/** The kind of outcome that a reason leads to. */
export function kindOf(reason: ErrorReason): CompletedOutcome['kind'] {
  const lostReasons: readonly ErrorReason[] = ['network', 'timeout', 'idle', 'callback']
  if (reason === 'ended') return reason
  return lostReasons.includes(reason) ? 'lost' : 'refused'
}

/** What an outcome says about a refused response; nothing if the response is not the reason. */
export type ResponseDetails = Pick<ErrorDetails, 'code' | 'status' | 'headers' | 'body'>

/** @param refused the response, if the response is the reason */
export function toResponseDetails(refused?: TransportResponse, body?: string): ResponseDetails {
  // A browser hides a redirect that it did not follow: its status is 0.
  const status = refused?.status ? refused.status : undefined
  return { code: status, status, headers: refused?.headers, body }
}
