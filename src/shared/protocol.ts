import type { ErrorDetails } from '../events.ts'
import { isNumber, isObject } from '../options/validation.ts'

/*
 * What tabs send each other over the channel: followers send requests, the leader broadcasts updates and sends replies,
 * and a tab that leaves says so.
 */

/** The version of the messages. Tabs share only with tabs of the same version. */
export const protocolVersion = 1

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

/** What a tab says whose page is frozen, hidden or left: if it was the leader, or is the next one, it cannot lead. */
export interface Departure {
  readonly kind: 'departure'
}

export type TabMessage = TabRequest | Update | Departure

/** The names of fields, and the types of their values. */
type FieldTypes = Readonly<Record<string, 'boolean' | 'number' | 'string'>>

const streamMessage: FieldTypes = { type: 'string', data: 'string', lastEventId: 'string' }
const position: FieldTypes = { series: 'number', number: 'number', lastEventId: 'string' }
const request: FieldTypes = { ...position, from: 'number', replay: 'number' }
const update: FieldTypes = { ...position, term: 'number', url: 'string' }
const reply: FieldTypes = { to: 'number', isContiguous: 'boolean', series: 'number', number: 'number' }
const errorDetails: FieldTypes = { message: 'string', reason: 'string', attempt: 'number', willReconnect: 'boolean' }

function hasFields(value: unknown, types: FieldTypes): value is Record<string, unknown> {
  if (!isObject(value)) return false
  return Object.entries(types).every(([name, type]) => {
    const field: unknown = Reflect.get(value, name)
    // Terms and positions are compared: NaN and Infinity would win forever.
    return type === 'number' ? Number.isFinite(field) : typeof field === type
  })
}

function isUpdate(value: unknown): boolean {
  if (!hasFields(value, update)) return false
  const { url, messages, reply: answer, error } = value
  return (
    // The constructors throw if they cannot read what they are given.
    (!url || !!new URL(url as string)) &&
    (error === undefined || (hasFields(error, errorDetails) && !!new Headers(error['headers'] as HeadersInit))) &&
    Array.isArray(messages) &&
    messages.every((message) => hasFields(message, streamMessage)) &&
    (answer === undefined || hasFields(answer, reply))
  )
}

/**
 * Reads what has come over the channel, where anybody can send anything.
 * @returns the message, the version that the sender has instead, or undefined if it is neither
 */
export function readMessage(data: unknown): TabMessage | number | undefined {
  if (!isObject(data)) return
  const { version, kind } = data as { version?: unknown; kind?: unknown }
  if (version !== protocolVersion) return isNumber(version) ? version : undefined
  try {
    const isValid =
      kind === 'departure' ||
      (kind === 'update' && isUpdate(data)) ||
      ((kind === 'catch up' || kind === 'reconnect') && hasFields(data, request))
    return isValid ? (data as TabMessage) : undefined
  } catch {
    return
  }
}
