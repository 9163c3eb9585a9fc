/*
 * The DOM types of a project: those of lib.dom or of @types/node. React Native's types lack them, or have empty ones;
 * there, types of what everysource's own classes offer take their place.
 */

type Globals = typeof globalThis

interface MinimalEvent {
  readonly type: string
  readonly target: unknown
  readonly currentTarget: unknown
  readonly timeStamp: number
}

interface MinimalMessageEvent extends MinimalEvent {
  readonly data: string
  readonly origin: string
  readonly lastEventId: string
}

type MinimalListener = ((event: MinimalEvent) => unknown) | { handleEvent(event: MinimalEvent): unknown }

interface MinimalListenerOptions {
  readonly capture?: boolean
  readonly once?: boolean
  readonly passive?: boolean
  readonly signal?: AbortSignal
}

interface MinimalEventTarget {
  addEventListener(type: string, listener: MinimalListener | null, options?: boolean | MinimalListenerOptions): void
  removeEventListener(type: string, listener: MinimalListener | null, options?: boolean | MinimalListenerOptions): void
  dispatchEvent(event: MinimalEvent): boolean
}

export type DomEvent = Globals extends { Event: { prototype: infer Type } } ? Type : MinimalEvent

export type DomMessageEvent = Globals extends { MessageEvent: { prototype: infer Type } } ? Type : MinimalMessageEvent

export type DomEventTarget = Globals extends { EventTarget: { prototype: infer Type } } ? Type : MinimalEventTarget

// The types of listeners and of their options, which lib.dom does not give to modules, under its names: the npm package
// `eventsource` exports them, too.

type AddParameters = Parameters<DomEventTarget['addEventListener']>
type RemoveParameters = Parameters<DomEventTarget['removeEventListener']>

export type AddEventListenerOptions = Exclude<AddParameters[2], boolean | undefined>

export type EventListenerOptions = Exclude<RemoveParameters[2], boolean | undefined>

export type EventListener = (event: DomEvent | DomMessageEvent) => void

export interface EventListenerObject {
  handleEvent(event: DomEvent): void
}

export type EventListenerOrEventListenerObject = EventListener | EventListenerObject
