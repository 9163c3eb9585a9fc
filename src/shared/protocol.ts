import type { ErrorDetails } from '../events.ts'
import { isNumber, isObject } from '../options/validation.ts'

/*
 * What tabs send each other over the channel: followers send requests, the leader announces its term, broadcasts updates
 * and sends replies, and a tab that leaves says so.
 */

/** The version of the messages. Tabs share only with tabs of the same version. */
export const protocolVersion = 1

/**
 * How far a tab has come in the event stream: the last message. The same event has another key on every connection: events
 * without IDs are not repeated.
 */
export interface Position {
  /** A random number that the tab which received it has given it; 0 if there is none. */
  readonly key: number
  /** The last event ID string as of that message. */
  readonly lastEventId: string
}

/** A message of the event stream, and the position after it. */
export interface StreamMessage extends Position {
  readonly type: string
  readonly data: string
}

/** What a follower asks of the leader. */
export interface TabRequest extends Position {
  readonly kind: 'catch up' | 'reconnect'
  /** The tab that asks. */
  readonly from: number
  /** The number of messages before the current one that the tab wants if it joins. */
  readonly replay: number
}

/**
 * The announcement of a tab that was granted the lock. The tab leads as soon as the announcement has come back to it:
 * by then, all tabs have received everything that the previous leader sent before it, and they ignore what that leader
 * sends later.
 */
export interface Announcement {
  readonly kind: 'term'
  /**
   * The term of the leader. Each leader has a later term than the previous one, and those of earlier terms are ignored.
   */
  readonly term: number
}

/** What the leader broadcasts: its position, and what has happened. */
export interface Update {
  readonly kind: 'update'
  readonly term: number
  /** The final URL of the response; the empty string if the connection is not open. */
  readonly url: string
  /** The position before the messages; if there are none, the leader's position. */
  readonly after: Position
  readonly messages: readonly StreamMessage[]
  /** The last event ID string after the messages: a block without a message may have set it. */
  readonly lastEventId: string
  /** What interrupted the connection. */
  readonly error?: SharedErrorDetails
  /** The tab whose request this answers; 0 if the update is for all tabs. */
  readonly to: number
}

/** {@link ErrorDetails} in a form that can be cloned, unless their cause cannot be. */
export interface SharedErrorDetails extends Omit<ErrorDetails, 'headers'> {
  readonly headers: [string, string][] | undefined
}

export function toShared({ headers, ...details }: ErrorDetails): SharedErrorDetails {
  return { ...details, headers: headers && [...headers] }
}

export function fromShared({ headers, ...details }: SharedErrorDetails): ErrorDetails {
  return { ...details, headers: headers && new Headers(headers) }
}

/**
 * The message of a tab whose page is frozen, hidden or left: the tab cannot lead, even if it was the leader or is the
 * next one.
 */
export interface Departure {
  readonly kind: 'departure'
}

export type TabMessage = TabRequest | Announcement | Update | Departure

/** An example of a value: what is like it has fields of the same types, and lists of such values. */
type Example = boolean | number | string | readonly [Example] | { readonly [name: string]: Example }

const position = { key: 0, lastEventId: '' }
const request = { ...position, from: 0, replay: 0 }
const update = {
  term: 0,
  to: 0,
  url: '',
  lastEventId: '',
  after: position,
  messages: [{ ...position, type: '', data: '' }],
} as const
const errorDetails = { message: '', reason: '', attempt: 0, willReconnect: false }

/** An example of each kind of message. */
const examples = new Map<unknown, Example>([
  ['departure', {}],
  ['term', { term: 0 }],
  ['update', update],
  ['catch up', request],
  ['reconnect', request],
])

function isLike(value: unknown, example: Example): boolean {
  if (Array.isArray(example)) return Array.isArray(value) && value.every((item) => isLike(item, example[0]))
  if (isObject(example)) {
    return isObject(value) && Object.entries(example).every(([name, field]) => isLike(Reflect.get(value, name), field))
  }
  // Terms are compared, and times are waited for: NaN and Infinity would win forever.
  return typeof value === typeof example && (example !== 0 || Number.isFinite(value))
}

/**
 * Reads what has arrived over the channel, where any script of the origin can send anything.
 * @returns the message, the version that the sender has instead, or undefined if it is neither
 */
export function readMessage(data: unknown): TabMessage | number | undefined {
  if (!isObject(data)) return
  const { version, kind, url, error } = data as Readonly<Record<string, unknown>>
  if (version !== protocolVersion) return isNumber(version) ? version : undefined
  const example = examples.get(kind)
  if (!example || !isLike(data, example)) return
  try {
    // The constructors throw if they cannot read what they are given.
    const isValid =
      (!url || !!new URL(url as string)) &&
      (error === undefined || (isLike(error, errorDetails) && !!new Headers((error as SharedErrorDetails).headers)))
    return isValid ? (data as TabMessage) : undefined
  } catch {
    return
  }
}
