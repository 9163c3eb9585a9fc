import type { ErrorDetails } from '../events.ts'
import type { DomMessageEvent } from '../platform/dom-types.ts'

/** What a function passed as `headers`, `body` or `request` receives: the attempt for which it is called. */
export interface AttemptContext {
  /** The attempt's number; 1 is the first. */
  readonly attempt: number
  /** The number of failures in a row before this attempt. */
  readonly failures: number
  /** The last event ID about to be sent; the empty string if there is none. */
  readonly lastEventId: string
  /** What ended the previous attempt; undefined for the first attempt, and if the previous one had opened. */
  readonly previous: ErrorDetails | undefined
  /** A signal that aborts when the attempt ends, for any reason. */
  readonly signal: AbortSignal
}

/** What a function passed as `request` returns. Anything it omits comes from the other options. */
export interface RequestOverrides {
  /** The URL to request, resolved against the constructor's. The `url` property of the source does not change. */
  url?: string | URL | undefined
  method?: string | undefined
  headers?: HeadersInit | undefined
  body?: BodyInit | null | undefined
}

/** What a function passed as `retry` receives: the attempt that ended. */
export interface RetryContext extends Omit<ErrorDetails, 'willReconnect' | 'delay'> {
  /** The number of failures in a row, including this one; 0 after a connection that worked. */
  readonly failures: number
  /** The reconnection time in ms: the server's `retry:`, or 3,000 until it sends one. */
  readonly reconnectionTime: number
  /** The delay in ms that the response's Retry-After asks for; otherwise undefined. */
  readonly retryAfter: number | undefined
}

/** Whether the connection is reestablished, and after what delay. */
export interface RetryPolicy {
  /**
   * The reconnection time in ms until the server's `retry:` says otherwise.
   * @default 3_000
   */
  initialDelay?: number | undefined
  /**
   * The maximum delay in ms. If the server's `retry:` or Retry-After is longer, it is honored nevertheless.
   * @default 30_000
   */
  maxDelay?: number | undefined
  /**
   * The factor by which the delay grows with each failure in a row; at least 1.
   * @default 2
   */
  factor?: number | undefined
  /**
   * The random share of a delay, from 0 (none) to 1 (after failures, anything from 0 to the whole delay).
   * @default 1
   */
  jitter?: number | undefined
  /**
   * The number of failures in a row after which the connection fails with reason `gave-up`.
   * @default Infinity
   */
  maxAttempts?: number | undefined
  /**
   * The time in ms after which an open connection counts as a success. Its first message makes it one immediately.
   * @default 10_000
   */
  resetAfter?: number | undefined
  /**
   * The HTTP statuses after which the connection is reestablished instead of failed. Status 204 always ends the stream.
   * @default []
   */
  statuses?: readonly number[] | ((status: number) => boolean) | undefined
}

/** The equivalent of lib.dom's `MessageEvent<Data>`; in Node's types, MessageEvent is not generic. */
export interface TypedMessageEvent<Data> extends Omit<DomMessageEvent, 'data'> {
  readonly data: Data
}

/** A request about to be sent, as passed to `onRequest`. Redacting secrets is up to the callback. */
export interface RequestInfo {
  readonly url: string
  readonly method: string
  readonly headers: Headers
  /** The attempt's number; 1 is the first. */
  readonly attempt: number
}

/** A response, even a refused one, as passed to `onResponse`. */
export interface ResponseInfo {
  /** The final URL, after redirects. */
  readonly url: string
  readonly status: number
  readonly headers: Headers
  /** The attempt's number; 1 is the first. */
  readonly attempt: number
}

/** Header names and values, in any form that `new Headers()` accepts. */
export type HeadersInit = Headers | Record<string, string> | Iterable<readonly [string, string]>

/** A body that `fetch` can send. A stream can be sent only once. */
export type BodyInit = NonNullable<RequestInit['body']>

/**
 * Any function that can be called like `fetch`. It is called with strings. The type is that of a method, so that it also
 * accepts functions whose first parameter is `string | URL`, as in the npm package `eventsource`.
 */
export type FetchLike = { fetch(url: string | URL, init: EventSourceFetchInit): Promise<FetchLikeResponse> }['fetch']

/**
 * The second argument of a `fetch`, which any `fetch` accepts, undici's too. The name is the one in the npm package
 * `eventsource`.
 */
export interface EventSourceFetchInit {
  method?: string
  /** Names and values, as an object that can be spread. */
  headers: { [name: string]: string; Accept: string }
  /** The body, if there is one, to be passed on. The types of bodies differ from `fetch` to `fetch`. */
  body?: never
  cache?: 'no-store'
  /** Never set, as in a `fetch` in a page: declared for functions that were written for the npm package `eventsource`. */
  mode?: 'cors' | 'no-cors' | 'same-origin'
  /** Never 'omit': declared for the same functions. */
  credentials?: 'include' | 'omit' | 'same-origin'
  redirect?: 'follow' | 'error' | 'manual'
  signal?: AbortSignal
  duplex?: 'half'
}

/** The name of {@link EventSourceFetchInit} in version 3 of the npm package `eventsource`. */
export type FetchLikeInit = EventSourceFetchInit

/** The part of a Response that a `fetch` must resolve with. The name is the one in the npm package `eventsource`. */
export interface FetchLikeResponse {
  readonly url: string
  readonly status: number
  readonly statusText?: string | undefined
  readonly redirected?: boolean | undefined
  readonly headers: { get(name: string): string | null }
  /** A ReadableStream of bytes. */
  readonly body: { getReader(): ReaderLike } | null
}

/** The part of a stream's reader that is used. The name is the one in the npm package `eventsource`. */
export interface ReaderLike {
  read(): Promise<{ readonly done: boolean; readonly value?: unknown }>
  cancel(): Promise<void>
}

/** The value of `dispatcher`: a Dispatcher of undici 7 or newer. */
export interface Dispatcher {
  dispatch(options: never, handler: never): boolean
}

/** The options of {@link EventSource}. All are optional. */
export interface EventSourceInit {
  /**
   * Whether cookies and other credentials are also sent across origins.
   * @default false
   */
  withCredentials?: boolean | undefined
  /**
   * The request headers, or a function that is called for every attempt. If the function fails, an `error` with reason
   * `callback` is dispatched, and the connection is reestablished.
   * @default undefined
   */
  headers?: HeadersInit | ((context: AttemptContext) => HeadersInit | Promise<HeadersInit>) | undefined
  /**
   * The HTTP method.
   * @default 'GET'
   */
  method?: string | undefined
  /**
   * The request body, or a function that is called for every attempt.
   * @default null
   */
  body?: BodyInit | null | ((context: AttemptContext) => BodyInit | null | Promise<BodyInit | null>) | undefined
  /**
   * A function that is called for every attempt and returns what differs from the other options, such as a token in the
   * URL, or a POST to begin and a GET to resume. If it fails, an `error` with reason `callback` is dispatched, and the
   * connection is reestablished.
   * @default undefined
   */
  request?:
    | ((context: AttemptContext) => RequestOverrides | null | undefined | Promise<RequestOverrides | null | undefined>)
    | undefined
  /**
   * A fetch-like function that sends requests. It is called once for every attempt, with `redirect: 'follow'` or
   * 'error', and the response that it returns is final.
   * @default In Node: the library's own connections; elsewhere: the global `fetch`.
   */
  fetch?: FetchLike | undefined
  /**
   * Node: the undici Dispatcher that sends requests.
   * @default An agent without a limit on silence, with the proxies from the environment variables.
   */
  dispatcher?: Dispatcher | undefined
  /**
   * A signal that closes the connection permanently when it is aborted.
   * @default undefined
   */
  signal?: AbortSignal | undefined
  /**
   * The event ID to resume after. The first request already sends it.
   * @default ''
   */
  lastEventId?: string | undefined
  /**
   * The query parameter that carries the last event ID, instead of a header. This avoids a CORS preflight.
   * @default undefined, which means the header
   */
  lastEventIdQueryParam?: string | undefined
  /**
   * A function that replaces the standard's rule: it returns whether a response with this Content-Type is an event stream.
   * @default the MIME type is `text/event-stream`
   */
  acceptContentType?: ((contentType: string | null) => boolean) | undefined
  /**
   * How to reconnect: a policy, a function that returns the delay in ms or false, or false to never reconnect. A number
   * is short for `{ initialDelay }`, in ms.
   * @default {}
   */
  retry?: RetryPolicy | ((context: RetryContext) => number | false) | number | false | undefined
  /**
   * The maximum time in ms until the response headers arrive; 0 means no limit.
   * @default 0
   */
  openTimeout?: number | undefined
  /**
   * The maximum time of silence in ms, after which the connection counts as lost; 0 means no limit. Any byte breaks the
   * silence, including those of a comment.
   * @default 0
   */
  idleTimeout?: number | undefined
  /**
   * The maximum size of an event, including its ID and name, in characters.
   * @default 16_777_216
   */
  maxEventSize?: number | undefined
  /**
   * React Native over XMLHttpRequest: the maximum size of a response, in characters, before another request continues
   * after the last event, because iOS keeps the whole response in memory. Only for GET, and only if the last event has an
   * ID. No `error` is dispatched; `open` follows.
   * @default On iOS: 8_388_608; on Android: Infinity
   */
  maxResponseSize?: number | undefined
  /**
   * Whether redirects are followed.
   * @default 'follow'
   */
  redirect?: 'follow' | 'error' | undefined
  /**
   * Called with every event, whatever its name, before its listeners.
   * @default undefined
   */
  onEvent?: ((event: TypedMessageEvent<string>) => void) | undefined
  /**
   * Called with the text of every comment line.
   * @default undefined
   */
  onComment?: ((comment: string) => void) | undefined
  /**
   * Called before every request.
   * @default undefined
   */
  onRequest?: ((request: RequestInfo) => void) | undefined
  /**
   * Called with every response.
   * @default undefined
   */
  onResponse?: ((response: ResponseInfo) => void) | undefined
  /**
   * Whether the connection is closed while the page is hidden, and resumed with the last event ID when the page is shown.
   * @default false
   */
  pauseWhenHidden?: boolean | undefined
  /**
   * Node: whether the process may exit while the connection is open or waiting to reconnect.
   * @default false
   */
  unref?: boolean | undefined
}
