import { createEventHandlers, ErrorEvent, type EventHandler } from './events.ts'
import { StreamMessageEvent } from './message-event.ts'
import { type EventSourceInit, readSettings, type Settings } from './options.ts'
import { type Session, startSession } from './session.ts'
import { createTransport } from './transport/default.ts'

const CONNECTING = 0
const OPEN = 1
const CLOSED = 2

/** What lib.dom calls `MessageEvent<Data>`; in Node's types MessageEvent is not generic. */
export interface TypedMessageEvent<Data> extends Omit<MessageEvent, 'data'> {
  readonly data: Data
}

type EventOf<Value> = Value extends Event ? Value : TypedMessageEvent<Value>

/** The events that an EventSource dispatches: the standard's own, and the caller's `Events`. */
export type EventSourceEventMap<Events = unknown> = { [Type in keyof Events]: EventOf<Events[Type]> } & Omit<
  { open: Event; message: TypedMessageEvent<string>; error: ErrorEvent },
  keyof Events
>

export type SessionStart = typeof startSession

/** The member of the options by which a subclass has the session started in its own way. */
export const start: unique symbol = Symbol()

export interface SessionChoice {
  readonly [start]?: SessionStart
}

// The types of listeners and options have names in lib.dom only.
type AddEventListener = Parameters<EventTarget['addEventListener']>
type RemoveEventListener = Parameters<EventTarget['removeEventListener']>

type Listener<Target, Type> = ((this: Target, event: Type) => unknown) | { handleEvent(event: Type): unknown }

/**
 * The EventSource of the HTML standard, over fetch.
 * {@link https://html.spec.whatwg.org/multipage/server-sent-events.html#the-eventsource-interface}
 *
 * `Events` names the server's events and says what they are: a type of Event, or the type of a MessageEvent's data.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the overloads below are inherited methods, which a class cannot declare.
// biome-ignore lint/correctness/noUnusedVariables: the merged interface uses it.
export class EventSource<Events = unknown> extends EventTarget {
  declare static readonly CONNECTING: 0
  declare static readonly OPEN: 1
  declare static readonly CLOSED: 2
  declare readonly CONNECTING: 0
  declare readonly OPEN: 1
  declare readonly CLOSED: 2

  readonly #settings: Settings & SessionChoice
  readonly #handlers = createEventHandlers(this)
  readonly #session: Session
  /** Until the connection is closed. */
  #readyState: 0 | 1 = CONNECTING
  #origin = ''

  /**
   * @param url resolved against the document's base URL, in workers against the worker's location
   * @throws DOMException "SyntaxError" if the URL cannot be parsed
   * @throws TypeError, RangeError if an option is not what it must be
   */
  constructor(url: string | URL, init: EventSourceInit | null = {}) {
    super()
    // biome-ignore lint/complexity/noArguments: WebIDL tells a missing argument from undefined, which is a valid URL.
    if (!arguments.length) throw new TypeError('EventSource needs a URL')
    const settings: Settings & SessionChoice = readSettings(url, init)
    this.#settings = settings
    this.#session = (settings[start] ?? startSession)(settings, createTransport(settings), {
      announce: ({ url }) => {
        this.#origin = new URL(url).origin
        this.#readyState = OPEN
        this.#handlers.dispatch(new Event('open'))
      },
      message: (type, data) => {
        this.#handlers.dispatch(
          new StreamMessageEvent(type, { data, origin: this.#origin, lastEventId: this.#session.lastEventId }),
        )
      },
      dropped: () => {
        this.#readyState = CONNECTING
      },
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

  get withCredentials(): boolean {
    return this.#settings.withCredentials
  }

  get readyState(): 0 | 1 | 2 {
    return this.#session.closed ? CLOSED : this.#readyState
  }

  /** The last event ID string: what the next request will resume after. */
  get lastEventId(): string {
    return this.#session.lastEventId
  }

  get onopen(): EventHandler {
    return this.#handlers.get('open')
  }
  set onopen(handler: ((this: this, event: Event) => unknown) | null) {
    this.#handlers.set('open', handler)
  }

  get onmessage(): EventHandler {
    return this.#handlers.get('message')
  }
  set onmessage(handler: ((this: this, event: MessageEvent) => unknown) | null) {
    this.#handlers.set('message', handler)
  }

  get onerror(): EventHandler {
    return this.#handlers.get('error')
  }
  set onerror(handler: ((this: this, event: ErrorEvent) => unknown) | null) {
    this.#handlers.set('error', handler)
  }

  /** Closes the connection for good. Nothing is dispatched afterwards. */
  close(): void {
    this.#session.close()
  }

  /**
   * Connects anew, at once, with the last event ID: ends a wait, or drops the connection there is. No `error` is
   * dispatched; `open` follows. Does nothing when closed.
   */
  reconnect(): void {
    this.#readyState = CONNECTING
    this.#session.reconnect()
  }

  declare [Symbol.dispose]: () => void
  declare readonly [Symbol.toStringTag]: string
}

/** The overloads of the DOM's own, and the caller's events by name. */
export interface EventSource<Events = unknown> {
  addEventListener<Type extends keyof EventSourceEventMap<Events>>(
    type: Type,
    listener: Listener<this, EventSourceEventMap<Events>[Type]> | null,
    options?: AddEventListener[2],
  ): void
  addEventListener(type: string, listener: Listener<this, MessageEvent> | null, options?: AddEventListener[2]): void
  addEventListener(type: string, listener: AddEventListener[1] | null, options?: AddEventListener[2]): void
  removeEventListener<Type extends keyof EventSourceEventMap<Events>>(
    type: Type,
    listener: Listener<this, EventSourceEventMap<Events>[Type]> | null,
    options?: RemoveEventListener[2],
  ): void
  removeEventListener(
    type: string,
    listener: Listener<this, MessageEvent> | null,
    options?: RemoveEventListener[2],
  ): void
  removeEventListener(type: string, listener: RemoveEventListener[1] | null, options?: RemoveEventListener[2]): void
}

// What WebIDL says of an interface, and a class does not do by itself.
const { prototype } = EventSource
for (const target of [EventSource, prototype]) {
  for (const [name, value] of Object.entries({ CONNECTING, OPEN, CLOSED })) {
    Object.defineProperty(target, name, { value, enumerable: true })
  }
}
for (const name of Object.getOwnPropertyNames(prototype)) {
  if (name !== 'constructor') Object.defineProperty(prototype, name, { enumerable: true })
}
Object.defineProperty(prototype, Symbol.toStringTag, { value: 'EventSource', configurable: true })
// Minifiers rename classes.
Object.defineProperty(EventSource, 'name', { value: 'EventSource' })
// "using" calls it where the runtime has it.
if (Symbol.dispose) {
  Object.defineProperty(prototype, Symbol.dispose, { value: prototype.close, writable: true, configurable: true })
}
