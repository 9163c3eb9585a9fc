import type { DomEvent, DomEventTarget, DomMessageEvent } from './dom-types.ts'

/** Decodes the UTF-8 of one stream, chunk by chunk, and strips one byte order mark from its start. */
export type Decode = (bytes: Uint8Array) => string

/** The event handler IDL attributes of one target, and its dispatch. */
export interface EventHandlers {
  get(type: string): EventHandler
  set(type: string, value: unknown): void
  dispatch(event: Event): void
}

/** The value of an `on…` attribute. It accepts any event, which makes the class assignable to the DOM's own type. */
export type EventHandler = ((event: DomEvent) => unknown) | null

/** What `onmessage` returns. */
export type MessageHandler = ((event: DomMessageEvent) => unknown) | null

/** The headers of a request: what the library uses of the runtime's `Headers`. */
export interface RequestHeaders extends Iterable<[name: string, value: string]> {
  get(name: string): string | null
  has(name: string): boolean
  set(name: string, value: string): void
  append(name: string, value: string): void
  delete(name: string): void
  forEach(callback: (value: string, name: string) => void): void
}

/** What runtimes do differently. Each runtime's file, chosen by the import `#platform`, exports these members. */
export interface Platform {
  createDecoder(): Decode
  /** Creates the headers of a request: in Node, without loading all of `fetch`. */
  createHeaders(init?: Iterable<readonly [string, string]>): RequestHeaders
  /** Whether HTTP can carry a header. */
  isHeader(name: unknown, value: unknown): boolean
  /** Adapts event handlers to a runtime that reads `on…` attributes by itself. */
  adaptEventHandlers(handlers: EventHandlers): EventHandlers
  /**
   * Calls a function when a signal aborts.
   * @returns a function that undoes this
   */
  onAbort(signal: AbortSignal, callback: () => void): () => void
  /** The runtime's EventTarget; where there is none, an import must not fail, and a constructor does. */
  readonly EventTargetBase: new () => DomEventTarget
  /** The runtime's Event; where there is none, an import must not fail. */
  readonly EventBase: typeof Event
  /**
   * Finds a global that every attempt needs and that the runtime, such as jsdom, does not have.
   * @returns the name of the missing global; undefined if none is missing
   */
  findMissingGlobal(): string | undefined
  /** Makes the console show the fields of the events of a class. */
  showFields(EventClass: { readonly prototype: object }): void
  /** The names of the members of the runtime's MessageEvent. */
  messageEventMembers(): readonly PropertyKey[]
}
