import type { ErrorDetails } from './events.ts'
import { isHeader } from './platform.server.ts'

/** What a function given as `headers` or `body` is told of the attempt that it is called for. */
export interface AttemptContext {
  /** The attempt's number; 1 is the first. */
  readonly attempt: number
  /** Failures in a row before this attempt. */
  readonly failures: number
  /** The last event ID about to be sent; the empty string if there is none. */
  readonly lastEventId: string
  /** What ended the last attempt; undefined for the first. */
  readonly previous: ErrorDetails | undefined
}

/** What a function given as `retry` is told of the attempt that ended. */
export interface RetryContext extends Omit<ErrorDetails, 'willReconnect' | 'delay'> {
  /** Failures in a row, this one included; 0 after a stream that had worked. */
  readonly failures: number
  /** The reconnection time in ms: the server's `retry:`, 3,000 until then. */
  readonly reconnectionTime: number
  /** What the response's Retry-After asks for, in ms. */
  readonly retryAfter: number | undefined
}

/** When, and how long after an interruption, the connection is reestablished. */
export interface RetryPolicy {
  /** The reconnection time in ms until the server's `retry:` says otherwise (3,000). */
  initialDelay?: number | undefined
  /** The longest delay in ms (30,000); a longer `retry:` or Retry-After of the server's is honoured all the same. */
  maxDelay?: number | undefined
  /** What the delay is multiplied by for each failure in a row; at least 1 (2). */
  factor?: number | undefined
  /** The random share of a delay, from 0 (none) to 1 (after failures, anything from 0 to the whole delay) (1). */
  jitter?: number | undefined
  /** Failures in a row after which the connection is failed with code `gave-up` (Infinity). */
  maxAttempts?: number | undefined
  /** An open connection counts as a success after this many ms, or with its first message (10,000). */
  resetAfter?: number | undefined
  /** HTTP statuses after which to reestablish instead of fail; 204 ends the stream in any case (none). */
  statuses?: readonly number[] | ((status: number) => boolean) | undefined
}

/** A tap's view of a request about to be sent. Redacting secrets is up to the tap. */
export interface RequestInfo {
  readonly url: string
  readonly method: string
  readonly headers: Headers
  readonly attempt: number
}

/** A tap's view of a response, refused ones included. */
export interface ResponseInfo {
  /** The final URL, after redirects. */
  readonly url: string
  readonly status: number
  readonly headers: Headers
  readonly attempt: number
}

/** Header names and values, in every form that `new Headers()` takes. */
export type HeadersInit = Headers | Record<string, string> | Iterable<readonly [string, string]>

/** A body that `fetch` can send. A stream can be sent once only. */
export type BodyInit = NonNullable<RequestInit['body']>

/** Whether a body can be sent once only. */
export function isOneShot(body: unknown): body is object {
  return 'getReader' in Object(body) || Symbol.asyncIterator in Object(body)
}

/** Any function that can be called like `fetch`. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

/** What `dispatcher` takes: a Dispatcher of undici 7 or newer. */
export interface Dispatcher {
  dispatch(options: never, handler: never): boolean
}

/** The options of {@link EventSource}. All are optional. */
export interface EventSourceInit {
  /** Send cookies and other credentials across origins, too (false). */
  withCredentials?: boolean | undefined
  /** Request headers, or a function that is called for every attempt. One that fails dispatches `error` with code `callback`. */
  headers?: HeadersInit | ((attempt: AttemptContext) => HeadersInit | Promise<HeadersInit>) | undefined
  /** The HTTP method ('GET'). */
  method?: string | undefined
  /** The request body, or a function that is called for every attempt (none). */
  body?: BodyInit | null | ((attempt: AttemptContext) => BodyInit | null | Promise<BodyInit | null>) | undefined
  /** Any fetch-like function to send requests with (Node: undici, elsewhere the global `fetch`). */
  fetch?: Fetch | undefined
  /** Node: the undici Dispatcher to send requests with (an agent without a limit on silence, with the environment's proxies). */
  dispatcher?: Dispatcher | undefined
  /** Aborting it closes the connection for good. */
  signal?: AbortSignal | undefined
  /** Resume after this event: it is sent from the first request on (''). */
  lastEventId?: string | undefined
  /** Send the last event ID as this query parameter instead of a header, which spares a CORS preflight (off). */
  lastEventIdQueryParam?: string | undefined
  /** How to reconnect: a policy, a function that returns the delay in ms or false, or false for never. */
  retry?: RetryPolicy | ((context: RetryContext) => number | false) | false | undefined
  /** Milliseconds to wait for response headers; 0 is off (off). */
  openTimeout?: number | undefined
  /** Milliseconds of silence after which the connection is given up; any byte counts, comments too; 0 is off (off). */
  idleTimeout?: number | undefined
  /** The largest event to buffer, in characters (16 Mi, that is 16,777,216). */
  maxEventSize?: number | undefined
  /** Whether to follow redirects ('follow'). */
  redirect?: 'follow' | 'error' | undefined
  /** Called with the text of every comment line. */
  onComment?: ((comment: string) => void) | undefined
  /** Called before every request. */
  onRequest?: ((request: RequestInfo) => void) | undefined
  /** Called with every response. */
  onResponse?: ((response: ResponseInfo) => void) | undefined
  /** Close the connection while the page is hidden, and resume with the last event ID when it is shown (false). */
  pauseWhenHidden?: boolean | undefined
  /** Node: do not keep the process alive (false). */
  unref?: boolean | undefined
}

/** {@link RetryPolicy} with every default filled in. */
export type Policy = { [Member in Exclude<keyof RetryPolicy, 'statuses'>]: number } & {
  readonly statuses: (status: number) => boolean
}

/** {@link EventSourceInit}, validated, with every default filled in: all that the engine reads. */
export interface Settings extends EventSourceInit {
  /** Resolved and serialized. */
  readonly url: string
  readonly withCredentials: boolean
  readonly headers: Headers | undefined | Extract<EventSourceInit['headers'], (...args: never) => unknown>
  readonly method: string
  readonly lastEventId: string
  readonly retry: Policy | ((context: RetryContext) => number | false) | false
  readonly openTimeout: number
  readonly idleTimeout: number
  readonly maxEventSize: number
  readonly redirect: 'follow' | 'error'
  readonly pauseWhenHidden: boolean
  readonly unref: boolean
  /** Whether a clean end of the body is followed by another attempt; false fails the connection (true). */
  readonly reconnectOnEnd?: boolean
}

function fail(member: string, value: unknown, allowed: string): never {
  const Type = typeof value === 'number' ? RangeError : TypeError
  throw new Type(`${member} is ${typeof value === 'string' ? JSON.stringify(value) : String(value)}, not ${allowed}`)
}

/** What a member has to be: its default, whether a value is valid, and what is allowed, in words. */
export type Rule = readonly [fallback: unknown, isValid: (value: never) => boolean, allowed: string]

const isNumber = (value: unknown): value is number => typeof value === 'number'

export const atLeast = (fallback: number, least: number): Rule => [
  fallback,
  (value) => isNumber(value) && value >= least,
  `at least ${least}`,
]
export const oneOf = (fallback: string, other: string): Rule => [
  fallback,
  (value) => value === fallback || value === other,
  `'${fallback}' or '${other}'`,
]
const timeout: Rule = [0, (value) => isNumber(value) && value >= 0 && value < Infinity, 'a time in ms']
export const callback: Rule = [undefined, (value) => typeof value === 'function', 'a function']

const functionOrObject = (value: unknown): boolean => /^[fo]/.test(typeof value)

const rules = {
  headers: [undefined, functionOrObject, 'names and values, or a function'],
  // A method is a token, as a header's name is.
  method: ['GET', (value) => isHeader(value, '') && !/^(connect|trace|track)$/i.test(value), 'a method fetch sends'],
  lastEventId: ['', (value) => !/[\0\r\n]/.test(value), 'free of CR, LF and NUL'],
  redirect: oneOf('follow', 'error'),
  openTimeout: timeout,
  idleTimeout: timeout,
  maxEventSize: atLeast(2 ** 24, 1),
  signal: [undefined, (value) => 'aborted' in Object(value), 'an AbortSignal'],
  fetch: callback,
  onComment: callback,
  onRequest: callback,
  onResponse: callback,
  retry: [undefined, (value) => value === false || functionOrObject(value), 'a policy, a function or false'],
} satisfies Record<string, Rule>

/** Either delay may be given alone: the other one's default gives way. */
const policyRules = ({ initialDelay, maxDelay }: RetryPolicy): Record<string, Rule> => ({
  initialDelay: atLeast(Math.min(3_000, maxDelay ?? 3_000), 0),
  maxDelay: atLeast(Math.max(30_000, initialDelay ?? 0), initialDelay ?? 0),
  factor: atLeast(2, 1),
  jitter: [1, (value) => isNumber(value) && value >= 0 && value <= 1, '0 to 1'],
  maxAttempts: atLeast(Infinity, 1),
  resetAfter: atLeast(10_000, 0),
  statuses: [[], (value) => typeof value === 'function' || Array.isArray(value), 'an array or a function'],
})

/** Fills in the defaults and throws at the first member that is not what it has to be. */
export function applyRules(given: object, rules: Readonly<Record<string, Rule>>): Record<string, unknown> {
  const applied: Record<string, unknown> = { ...given }
  for (const [member, [fallback, isValid, allowed]] of Object.entries(rules)) {
    const value = applied[member]
    if (value == null) applied[member] = fallback
    else if (!isValid(value as never)) fail(member, value, allowed)
  }
  return applied
}

function readPolicy(retry: RetryPolicy): Policy {
  const policy = applyRules(retry, policyRules(retry)) as unknown as Policy & Pick<Required<RetryPolicy>, 'statuses'>
  const { statuses } = policy
  return { ...policy, statuses: Array.isArray(statuses) ? (status) => statuses.includes(status) : statuses }
}

/** Read when it is first asked for, and shared: a policy for each of thousands of streams takes its memory. */
let usualPolicy: Policy | undefined

/** Copies headers. Throws a TypeError that names the header, but not its value, which may be a secret. */
export function readHeaders(init: HeadersInit | null | undefined): Headers {
  const headers = new Headers()
  const given = init ?? {}
  for (const [name, value] of Symbol.iterator in given ? given : Object.entries(given)) {
    if (!isHeader(name, value)) fail('headers', name, 'a token with a Latin-1 value free of CR, LF and NUL')
    headers.append(name, value)
  }
  return headers
}

function readUrl(url: string): string {
  // The API base URL: the document's base URL, in workers the worker's location, elsewhere none.
  const base = globalThis.document?.baseURI ?? globalThis.location?.href
  try {
    const parsed = new URL(url, base)
    // Chromium percent-encodes spaces and the like in a host; the URL standard refuses them.
    if (!parsed.hostname.includes('%')) return parsed.href
  } catch {}
  // "If urlRecord is failure, then throw a "SyntaxError" DOMException."
  throw new DOMException(`not a URL${base ? '' : ' (and no base URL here)'}: ${url}`, 'SyntaxError')
}

/**
 * Validates the arguments of a constructor.
 * @throws TypeError or RangeError that names the member, its value and what is allowed
 * @throws DOMException "SyntaxError" if the URL cannot be parsed
 */
export function readSettings(url: unknown, init: EventSourceInit | null | undefined): Settings {
  // A template literal converts as WebIDL does, in that it throws on a symbol.
  const address = `${url as string}`
  const given = init ?? {}
  if (Object(given) !== given) fail('init', String(given), 'an object')
  const settings = applyRules(given, rules) as unknown as Settings
  const { headers, body, retry } = settings
  const method = `${settings.method}`.toUpperCase()
  usualPolicy ??= readPolicy({})
  if (body != null && /^(GET|HEAD)$/.test(method)) fail('body', body, `allowed with ${method}`)
  return Object.assign(settings, {
    url: readUrl(address),
    withCredentials: !!settings.withCredentials,
    headers: typeof headers === 'object' ? readHeaders(headers) : headers,
    method,
    lastEventId: `${settings.lastEventId}`,
    retry: typeof retry === 'object' ? readPolicy(retry) : (retry ?? usualPolicy),
  })
}
