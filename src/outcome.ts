import type { ErrorDetails } from './events.ts'

/** How an attempt ended that was not aborted. */
export interface CompletedOutcome extends Omit<ErrorDetails, 'willReconnect' | 'delay'> {
  /** `ended`: the body ended. `lost`: the network or a callback failed. `refused`: the response cannot be used. */
  readonly kind: 'ended' | 'lost' | 'refused'
  /** The delay that the response's Retry-After asks for, in ms. */
  readonly retryAfter: number | undefined
}

/** How an attempt ended; `aborted`: it was ended from this side. */
export type Outcome = CompletedOutcome | { readonly kind: 'aborted' }
