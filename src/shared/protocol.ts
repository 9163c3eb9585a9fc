import type { ErrorDetails } from '../events.ts'

/*
 * What tabs send each other over the channel: followers send requests, the leader broadcasts updates and sends replies.
 */

/** A message of the event stream. */
export interface StreamMessage {
  readonly type: string
  readonly data: string
  readonly lastEventId: string
}

/** How far a tab has come in the event stream. */
export interface Position {
  /** The series that messages are numbered in. One begins where there is no ID to resume after; 0 if none is known yet. */
  readonly series: number
  /** The number of the last message within the series. */
  readonly number: number
  /** The last event ID string. */
  readonly lastEventId: string
}

/** What a follower asks of the leader. */
export interface TabRequest extends Position {
  readonly kind: 'catch up' | 'reconnect'
  /** The tab that asks. */
  readonly from: number
  /** The number of messages before the current one that the tab wants if it joins. */
  readonly replay: number
}

/** What the leader broadcasts: its position, and what has happened. */
export interface Update extends Position {
  readonly kind: 'update'
  /** The term of the leader, which grows with every leader: those of earlier terms are ignored. */
  readonly term: number
  /** The final URL of the response; the empty string if the connection is not open. */
  readonly url: string
  /** The last messages up to the number. */
  readonly messages: readonly StreamMessage[]
  /** What interrupted the connection. */
  readonly error?: SharedErrorDetails
  /** The answer to a request. If it is missing, the update is for all tabs. */
  readonly reply?: Reply
}

export interface Reply {
  /** The tab that asked. */
  readonly to: number
  /** Whether the messages continue from where that tab was. */
  readonly isContiguous: boolean
  /** Where that tab was when it asked. */
  readonly series: number
  readonly number: number
}

/** {@link ErrorDetails} that can be cloned. */
export interface SharedErrorDetails extends Omit<ErrorDetails, 'headers'> {
  readonly headers: [string, string][] | undefined
}

export type TabMessage = TabRequest | Update
