import { adaptEventHandlers } from './platform.server.ts'

/**
 * Why a connection was interrupted or refused. The list is closed: a new reason is a new code.
 *
 * | code | what happened |
 * |---|---|
 * | `ended` | the server ended the stream |
 * | `network` | refused, reset, DNS, TLS, torn body |
 * | `timeout` | no response within `openTimeout` |
 * | `idle` | no byte within `idleTimeout` |
 * | `callback` | a function given as `headers`, `body` or `retry` failed |
 * | `status` | a status other than 200 |
 * | `content-type` | a MIME type other than `text/event-stream` |
 * | `redirect` | `redirect: 'error'`, too many redirects, no usable Location |
 * | `too-large` | an event beyond `maxEventSize` |
 * | `unsupported` | a scheme that can never work, no `fetch`, no readable body |
 * | `body-used` | a one-shot body would have to be sent twice |
 * | `gave-up` | `maxAttempts` failures in a row |
 */
export type ErrorCode =
  | 'ended'
  | 'network'
  | 'timeout'
  | 'idle'
  | 'callback'
  | 'status'
  | 'content-type'
  | 'redirect'
  | 'too-large'
  | 'unsupported'
  | 'body-used'
  | 'gave-up'

/** What ended an attempt: the fields of an {@link ErrorEvent}. */
export interface ErrorDetails {
  /** What happened, for people. */
  readonly message: string
  /** The cause, where there is one: what `fetch` rejected with, what a callback threw. */
  readonly error: unknown
  readonly code: ErrorCode
  /** The HTTP status of the response, if there was one. */
  readonly status: number | undefined
  /** The headers of the response, if there was one. */
  readonly headers: Headers | undefined
  /** The first 8 KiB of a refused response, decoded as UTF-8. */
  readonly body: string | undefined
  /** The number of the attempt that ended; 1 is the first. */
  readonly attempt: number
  /** Whether another attempt follows. */
  readonly willReconnect: boolean
  /** Milliseconds until that attempt. */
  readonly delay: number | undefined
}

/**
 * The `error` event of an EventSource. The standard dispatches a bare Event; this one also says what happened.
 * It extends the realm's own Event, not its ErrorEvent: not every runtime has one.
 */
export class ErrorEvent extends Event implements ErrorDetails {
  declare readonly message: string
  declare readonly error: unknown
  declare readonly code: ErrorCode
  declare readonly status: number | undefined
  declare readonly headers: Headers | undefined
  declare readonly body: string | undefined
  declare readonly attempt: number
  declare readonly willReconnect: boolean
  declare readonly delay: number | undefined

  constructor(type: string, details: ErrorDetails) {
    super(type)
    Object.assign(this, details)
  }
}

/** Node's fetch says only "fetch failed": what failed is in the cause. */
export function describe(error: unknown): string {
  const { message = typeof error, cause } = Object(error)
  return String(cause?.message || cause?.code || message)
}

/** What an `on…` attribute returns: it takes any event, which is what makes the class fit the DOM's own type. */
export type EventHandler = ((event: Event) => unknown) | null

/** The event handler IDL attributes of one target, and its dispatch. */
export interface EventHandlers {
  get(type: string): EventHandler
  set(type: string, value: unknown): void
  dispatch(event: Event): unknown
}

/** {@link https://html.spec.whatwg.org/multipage/webappapis.html#event-handler-idl-attributes} */
export function createEventHandlers(target: EventTarget): EventHandlers {
  const entries: Record<string, (EventListenerObject & { handler: unknown }) | undefined> = {}
  return adaptEventHandlers({
    get: (type) => (entries[type]?.handler ?? null) as EventHandler,
    set(type, handler) {
      const entry = entries[type]
      // [LegacyTreatNonObjectAsNull]: an object that is not callable is kept and returned, though it never is called.
      if (Object(handler) !== handler) {
        // "Deactivate an event handler": the listener goes, and its place in the order with it.
        if (entry) target.removeEventListener(type, entry)
        entries[type] = undefined
      } else if (entry) {
        entry.handler = handler
      } else {
        // "Activate an event handler": the listener is added once, and a later handler takes over its place.
        const added = {
          handler,
          handleEvent(event: Event) {
            if (typeof added.handler === 'function') added.handler.call(target, event)
          },
        }
        entries[type] = added
        target.addEventListener(type, added)
      }
    },
    dispatch: (event) => target.dispatchEvent(event),
  })
}
