import { createMessageEvent } from '#message-event'
import { adaptEventHandlers, EventBase, EventTargetBase } from '#platform'
import { createTransport } from '#transport'
import { callObserver } from './callbacks.ts'
import { defineProperty } from './define-property.ts'
import { TargetEventHandlers } from './event-handlers.ts'
import { ErrorEvent } from './events.ts'
import type { EventSourceInit, TypedMessageEvent } from './options/event-source-init.ts'
import { readSettings, type Settings } from './options/settings.ts'
import type { OptionRule } from './options/validation.ts'
import type { DomEvent, DomEventTarget, DomMessageEvent } from './platform/dom-types.ts'
import type { EventHandler, MessageHandler } from './platform/platform.ts'
import { type Session, type StartSession, startSession } from './session.ts'

const CONNECTING = 0
const OPEN = 1
const CLOSED = 2

type EventOf<Value> = Value extends DomEvent ? Value : TypedMessageEvent<Value>

/** The events that an EventSource dispatches: those of the standard, and the caller's `Events`. */
export type EventSourceEventMap<Events = unknown> = { [Type in keyof Events]: EventOf<Events[Type]> } & Omit<
  { open: DomEvent; message: TypedMessageEvent<string>; error: ErrorEvent },
  keyof Events
>

/** How a subclass differs from EventSource. */
export interface SourceKind {
  /** The rules of the options that the subclass adds. */
  readonly optionRules?: Readonly<Record<string, OptionRule>>
  readonly startSession: StartSession
}

/**
 * The member of the prototype by which a subclass says how it differs. It is not a static member, because tools that
 * wrap the constructor preserve the prototype, but not always the static members. No class declares it, because the
 * declarations of a caller's subclass would then have to name the symbol.
 */
export const sourceKind: unique symbol = Symbol()

// The types of listeners and options have names in lib.dom only.
type AddEventListener = Parameters<DomEventTarget['addEventListener']>
type RemoveEventListener = Parameters<DomEventTarget['removeEventListener']>

type Listener<Target, Type> = ((this: Target, event: Type) => unknown) | { handleEvent(event: Type): unknown }

/**
 * The EventSource of the HTML standard, over fetch.
 * {@link https://html.spec.whatwg.org/multipage/server-sent-events.html#the-eventsource-interface}
 *
 * `Events` maps the names of the server's events to a type of Event, or to the type of a MessageEvent's data.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the overloads below are inherited methods, which a class cannot declare.
export class EventSource<Events = unknown> extends EventTargetBase {
  declare static readonly CONNECTING: 0
  declare static readonly OPEN: 1
  declare static readonly CLOSED: 2
  declare readonly CONNECTING: 0
  declare readonly OPEN: 1
  declare readonly CLOSED: 2

  readonly #settings: Settings
  readonly #handlers = adaptEventHandlers(new TargetEventHandlers(this))
  readonly #session: Session
  /** The state while the session is not closed. */
  #readyState: 0 | 1 = CONNECTING
  /** The origin of the final URL of the event stream. */
  #origin = ''

  /**
   * @param url resolved against the document's base URL, in workers against the worker's location
   * @throws DOMException "SyntaxError" if the URL cannot be parsed
   * @throws TypeError, RangeError if an option is invalid
   */
  constructor(url: string | URL, init: EventSourceInit | null = {}) {
    super()
    // biome-ignore lint/complexity/noArguments: WebIDL tells a missing argument from undefined, which is a valid URL.
    if (!arguments.length) throw new TypeError('EventSource needs a URL')
    const prototype: unknown = new.target.prototype
    const { startSession, optionRules } = (prototype as { [sourceKind]: SourceKind })[sourceKind]
    // Constructor, steps 3 to 7: the URL (options/url.ts), and the value of withCredentials.
    this.#settings = readSettings(url, init, optionRules)
    // Steps 8 to 14 belong to each attempt (request.ts, transport/fetch.ts, attempt.ts). Step 15, "fetch request": the
    // session does that after the caller's own code has run.
    this.#session = startSession(this.#settings, createTransport(this.#settings), {
      // "Announce the connection": "queue a task which, if the readyState attribute is set to a value other than CLOSED,
      // sets the readyState attribute to OPEN and fires an event named open at the EventSource object." Once it is
      // closed, a session calls none of these functions.
      announce: ({ url }) => {
        this.#origin = new URL(url).origin
        this.#readyState = OPEN
        this.#handlers.dispatch(new EventBase('open'))
      },
      // "Dispatch the event", step 5: "Initialize event's type attribute to "message", its data attribute to data buffer,
      // its origin attribute to the serialization of the origin of the event stream's final URL (i.e., the URL after
      // redirects), and its lastEventId attribute to the last event ID string of the event source." Step 8: "Queue a task
      // which, if the readyState attribute is set to a value other than CLOSED, dispatches the newly created event at the
      // EventSource object."
      message: (type, data) => {
        const message = { data, origin: this.#origin, lastEventId: this.#session.lastEventId }
        const event = createMessageEvent(type, message)
        callObserver(this.#settings.onEvent, event as unknown as TypedMessageEvent<string>)
        // The callback may have closed the source.
        if (!this.#session.closed) this.#handlers.dispatch(event)
      },
      // Deviation: a connection that this side closes in order to open another one is not interrupted, and no event is
      // fired.
      dropped: () => {
        this.#readyState = CONNECTING
      },
      // "Reestablish the connection", step 1: "Set the readyState attribute to CONNECTING. Fire an event named error at
      // the EventSource object." Or "fail the connection", which "sets the readyState attribute to CLOSED and fires an
      // event named error at the EventSource object": the session is closed then.
      interrupted: (details) => {
        this.#readyState = CONNECTING
        this.#handlers.dispatch(new ErrorEvent('error', details))
      },
    })
  }

  /** The URL, resolved and serialized. */
  get url(): string {
    return this.#settings.url
  }

  /** Whether credentials are also sent across origins. */
  get withCredentials(): boolean {
    return this.#settings.withCredentials
  }

  /** The state of the connection: CONNECTING (also while it waits to reconnect), OPEN or CLOSED. */
  get readyState(): 0 | 1 | 2 {
    return this.#session.closed ? CLOSED : this.#readyState
  }

  /** The last event ID string, after which the next request will resume. */
  get lastEventId(): string {
    return this.#session.lastEventId
  }
  // [Replaceable], as Web IDL has it: the standard's class has no such attribute, and subclasses and libraries keep a
  // property of this name in a source. That becomes a property of the object, and changes nothing else.
  set lastEventId(value: never) {
    defineProperty(this, 'lastEventId', { value, writable: true, enumerable: true, configurable: true })
  }

  get onopen(): EventHandler {
    return this.#handlers.get('open')
  }
  set onopen(handler: ((this: EventSource<Events>, event: DomEvent) => unknown) | null) {
    this.#handlers.set('open', handler)
  }

  get onmessage(): MessageHandler {
    return this.#handlers.get('message')
  }
  set onmessage(handler: ((this: EventSource<Events>, event: DomMessageEvent) => unknown) | null) {
    this.#handlers.set('message', handler)
  }

  get onerror(): EventHandler {
    return this.#handlers.get('error')
  }
  set onerror(handler: ((this: EventSource<Events>, event: ErrorEvent) => unknown) | null) {
    this.#handlers.set('error', handler)
  }

  /** Closes the connection permanently. Nothing is dispatched afterwards. */
  close(): void {
    // "The close() method must abort any instances of the fetch algorithm started for this EventSource object, and must set
    // the readyState attribute to CLOSED."
    this.#session.close()
  }

  /**
   * Reconnects immediately, with the last event ID: ends the wait for the next attempt, or drops the connection. No `error`
   * is dispatched; `open` follows. Does nothing if the source is closed.
   */
  reconnect(): void {
    this.#readyState = CONNECTING
    this.#session.reconnect()
  }

  declare [Symbol.dispose]: () => void
  declare readonly [Symbol.toStringTag]: string
}

/**
 * The type of the class, for libraries that take the class as an argument. Its name is the one in the npm package
 * `eventsource`.
 */
export type EventSourceConstructor = typeof EventSource

/** The overloads of lib.dom's class, and the caller's events by name. */
export interface EventSource<Events = unknown> {
  addEventListener<Type extends keyof EventSourceEventMap<Events>>(
    type: Type,
    listener: Listener<EventSource<Events>, EventSourceEventMap<Events>[Type]> | null,
    options?: AddEventListener[2],
  ): void
  addEventListener(
    type: string,
    listener: Listener<EventSource<Events>, DomMessageEvent> | null,
    options?: AddEventListener[2],
  ): void
  addEventListener(type: string, listener: AddEventListener[1] | null, options?: AddEventListener[2]): void
  removeEventListener<Type extends keyof EventSourceEventMap<Events>>(
    type: Type,
    listener: Listener<EventSource<Events>, EventSourceEventMap<Events>[Type]> | null,
    options?: RemoveEventListener[2],
  ): void
  removeEventListener(
    type: string,
    listener: Listener<EventSource<Events>, DomMessageEvent> | null,
    options?: RemoveEventListener[2],
  ): void
  removeEventListener(type: string, listener: RemoveEventListener[1] | null, options?: RemoveEventListener[2]): void
}

// WebIDL requires this of an interface; a class does not do it automatically.
const { prototype } = EventSource
for (const target of [EventSource, prototype]) {
  for (const [name, value] of Object.entries({ CONNECTING, OPEN, CLOSED })) {
    defineProperty(target, name, { value, enumerable: true })
  }
}
// The first name is "constructor", which is not enumerable.
for (const name of Object.getOwnPropertyNames(prototype).slice(1)) defineProperty(prototype, name, { enumerable: true })
Object.assign(prototype, { [sourceKind]: { startSession } satisfies SourceKind })
defineProperty(prototype, Symbol.toStringTag, { value: 'EventSource', configurable: true })
// Minifiers change the names of classes.
defineProperty(EventSource, 'name', { value: 'EventSource' })
// The npm package `eventsource` has this member, and libraries check for it before they use the option `fetch`.
defineProperty(EventSource, Symbol.for('eventsource.supports-fetch-override'), { value: true })
// For "using", where the runtime has it.
if (Symbol.dispose) {
  defineProperty(prototype, Symbol.dispose, { value: prototype.close, writable: true, configurable: true })
}
