import type { ErrorDetails } from '../events.ts'
import type { DomMessageEvent } from '../platform/dom-types.ts'

/** What a function given as `headers`, `body` or `request` is told about the attempt that it is called for. */
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

/** What a function given as `request` returns: what it leaves out is as the other options say. */
export interface RequestOverrides {
  /** The URL to request, resolved against the constructor's; the source's `url` stays the constructor's. */
  url?: string | URL | undefined
  method?: string | undefined
  headers?: HeadersInit | undefined
  body?: BodyInit | null | undefined
}

/** What a function given as `retry` is told about the attempt that ended. */
export interface RetryContext extends Omit<ErrorDetails, 'willReconnect' | 'delay'> {
  /** The number of failures in a row, this one included; 0 after a stream that had worked. */
  readonly failures: number
  /** The reconnection time in ms: the server's `retry:`, 3,000 until then. */
  readonly reconnectionTime: number
  /** The delay that the response's Retry-After asks for, in ms. */
  readonly retryAfter: number | undefined
}

/** When the connection is reestablished, and after what delay. */
export interface RetryPolicy {
  /**
   * The reconnection time in ms until the server's `retry:` says otherwise.
   * @default 3_000
   */
  initialDelay?: number | undefined
  /**
   * The maximum delay in ms. A longer `retry:` or Retry-After of the server's is honoured all the same.
   * @default 30_000
   */
  maxDelay?: number | undefined
  /**
   * What the delay is multiplied by for each failure in a row; at least 1.
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
   * The time in ms after which an open connection counts as a success. Its first message makes it one at once.
   * @default 10_000
   */
  resetAfter?: number | undefined
  /**
   * The HTTP statuses after which the connection is reestablished instead of failed. Status 204 always ends the stream.
   * @default []
   */
  statuses?: readonly number[] | ((status: number) => boolean) | undefined
}

/** What lib.dom calls `MessageEvent<Data>`; in Node's types MessageEvent is not generic. */
export interface TypedMessageEvent<Data> extends Omit<DomMessageEvent, 'data'> {
  readonly data: Data
}

/** A request about to be sent, as `onRequest` sees it. Redacting secrets is up to the callback. */
export interface RequestInfo {
  readonly url: string
  readonly method: string
  readonly headers: Headers
  /** The attempt's number; 1 is the first. */
  readonly attempt: number
}

/** A response, a refused one too, as `onResponse` sees it. */
export interface ResponseInfo {
  /** The final URL, after redirects. */
  readonly url: string
  readonly status: number
  readonly headers: Headers
  /** The attempt's number; 1 is the first. */
  readonly attempt: number
}

/** Header names and values, in every form that `new Headers()` takes. */
export type HeadersInit = Headers | Record<string, string> | Iterable<readonly [string, string]>

/** A body that `fetch` can send. A stream can be sent only once. */
export type BodyInit = NonNullable<RequestInit['body']>

/**
 * Any function that can be called like `fetch`. It is called with strings; the type is that of a method, so that it also
 * takes functions whose first parameter is `string | URL`, as the npm package `eventsource` has them, and may be called so.
 */
export type FetchLike = { fetch(url: string | URL, init: EventSourceFetchInit): Promise<FetchLikeResponse> }['fetch']

/**
 * What a `fetch` is called with: what any `fetch` takes, undici's too. The name is that in the npm package `eventsource`.
 */
export interface EventSourceFetchInit {
  method?: string
  /** Names and values, as an object that can be spread. */
  headers: Record<string, string>
  /** The body, if there is one, to be passed on. The types of bodies differ from `fetch` to `fetch`. */
  body?: never
  cache?: 'no-store'
  credentials?: 'include' | 'same-origin'
  redirect?: 'follow' | 'error' | 'manual'
  signal?: AbortSignal
  duplex?: 'half'
}

/** The part of a Response that a `fetch` has to resolve with. The name is that in the npm package `eventsource`. */
export interface FetchLikeResponse {
  readonly url: string
  readonly status: number
  readonly statusText?: string | undefined
  readonly headers: { get(name: string): string | null }
  /** A ReadableStream of bytes. */
  readonly body: { getReader(): ReaderLike } | null
}

/** The part of a stream's reader that is used. The name is that in the npm package `eventsource`. */
export interface ReaderLike {
  read(): Promise<{ readonly done: boolean; readonly value?: unknown }>
  cancel(): Promise<void>
}

/** What `dispatcher` takes: a Dispatcher of undici 7 or newer. */
export interface Dispatcher {
  dispatch(options: never, handler: never): boolean
}

/** The options of {@link EventSource}. All are optional. */
export interface EventSourceInit {
  /**
   * Whether cookies and other credentials are sent across origins, too.
   * @default false
   */
  withCredentials?: boolean | undefined
  /**
   * The request headers, or a function that is called for every attempt. If the function fails, an `error` with reason
   * `callback` is dispatched, and the connection is reestablished.
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
   * A function that is called for every attempt, and returns what differs from the other options: a token in the URL, a
   * POST at first and a GET to resume. If it fails, an `error` with reason `callback` is dispatched, and the connection is
   * reestablished.
   */
  request?:
    | ((context: AttemptContext) => RequestOverrides | null | undefined | Promise<RequestOverrides | null | undefined>)
    | undefined
  /**
   * Any fetch-like function to send requests with. It is called once for every attempt, with `redirect: 'follow'` or
   * 'error', and the response that it returns is final.
   * @default In Node: connections of the library's own; elsewhere: the global `fetch`.
   */
  fetch?: FetchLike | undefined
  /**
   * Node: the undici Dispatcher to send requests with.
   * @default An agent without a limit on silence, with the proxies that the environment names.
   */
  dispatcher?: Dispatcher | undefined
  /** A signal that closes the connection for good when it is aborted. */
  signal?: AbortSignal | undefined
  /**
   * The event ID to resume after. It is sent from the first request on.
   * @default ''
   */
  lastEventId?: string | undefined
  /**
   * The query parameter to send the last event ID as, instead of a header. This avoids a CORS preflight.
   * @default undefined, which means the header
   */
  lastEventIdQueryParam?: string | undefined
  /**
   * Whether a response with this Content-Type is an event stream, instead of the standard's rule.
   * @default the MIME type is `text/event-stream`
   */
  acceptContentType?: ((contentType: string | null) => boolean) | undefined
  /**
   * How to reconnect: a policy, a function that returns the delay in ms or false, or false for never. A number is short
   * for `{ initialDelay }`, in ms.
   * @default {}
   */
  retry?: RetryPolicy | ((context: RetryContext) => number | false) | number | false | undefined
  /**
   * The maximum time in ms until the response headers arrive; 0 means no limit.
   * @default 0
   */
  openTimeout?: number | undefined
  /**
   * The maximum time of silence in ms, after which the connection is lost; 0 means no limit. Any byte breaks the
   * silence, a comment's too.
   * @default 0
   */
  idleTimeout?: number | undefined
  /**
   * The maximum size of an event, its id and name included, in characters.
   * @default 16_777_216
   */
  maxEventSize?: number | undefined
  /**
   * React Native over XMLHttpRequest: how much of a response is received, in characters, before another request goes on
   * from the last event, since iOS keeps all of a response in memory. Only for GET, and only where the last event has an
   * ID; no `error` is dispatched, and `open` follows.
   * @default On iOS: 8_388_608; on Android: Infinity
   */
  maxResponseSize?: number | undefined
  /**
   * Whether redirects are followed.
   * @default 'follow'
   */
  redirect?: 'follow' | 'error' | undefined
  /** Called with every event, whatever its name, before its listeners. */
  onEvent?: ((event: TypedMessageEvent<string>) => void) | undefined
  /** Called with the text of every comment line. */
  onComment?: ((comment: string) => void) | undefined
  /** Called before every request. */
  onRequest?: ((request: RequestInfo) => void) | undefined
  /** Called with every response. */
  onResponse?: ((response: ResponseInfo) => void) | undefined
  /**
   * Whether the connection is closed while the page is hidden, and resumed with the last event ID when it is shown.
   * @default false
   */
  pauseWhenHidden?: boolean | undefined
  /**
   * Node: whether the connection does not keep the process alive.
   * @default false
   */
  unref?: boolean | undefined
}
