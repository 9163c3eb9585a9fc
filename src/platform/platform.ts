import type { DomEvent, DomEventTarget, DomMessageEvent } from './dom-types.ts'

/** Decodes the UTF-8 of one stream, chunk by chunk, and strips one byte order mark from its start. */
export type Decode = (bytes: Uint8Array) => string

/** The event handler IDL attributes of one target, and its dispatch. */
export interface EventHandlers {
  get(type: string): EventHandler
  set(type: string, value: unknown): void
  dispatch(event: Event): void
}

/** What an `on…` attribute returns: it takes any event, which makes the class assignable to the DOM's own type. */
export type EventHandler = ((event: DomEvent) => unknown) | null

/** What `onmessage` returns. */
export type MessageHandler = ((event: DomMessageEvent) => unknown) | null

/** What runtimes do differently: what each file beside this one exports, chosen by the import `#platform`. */
export interface Platform {
  createDecoder(): Decode
  /** Whether HTTP can carry a header. */
  isHeader(name: unknown, value: unknown): boolean
  /** Adapts event handlers to a runtime that reads `on…` attributes by itself. */
  adaptEventHandlers(handlers: EventHandlers): EventHandlers
  /**
   * Calls a function when a signal aborts.
   * @returns a function that undoes it
   */
  onAbort(signal: AbortSignal, callback: () => void): () => void
  /** The runtime's EventTarget; where there is none, an import must not fail, and a constructor does. */
  readonly EventTargetBase: new () => DomEventTarget
  /** The runtime's Event; where there is none, an import must not fail. */
  readonly EventBase: typeof Event
  /**
   * Finds what every attempt needs and the runtime does not have, such as jsdom. By `typeof`, since a build for a runtime
   * may bind some of the names itself.
   * @returns the name of the missing global; undefined if all are there
   */
  findMissingGlobal(): string | undefined
  /** Has the console show the fields of the events of a class. */
  showFields(EventClass: { readonly prototype: object }): void
  /** The names of the members of the runtime's MessageEvent. */
  messageEventMembers(): readonly PropertyKey[]
}
