import { EventTargetBase } from '#platform'
import { isFunction, isObject } from './options/validation.ts'
import type { EventHandler, EventHandlers } from './platform/platform.ts'

/**
 * The event handler IDL attributes of a target, and its dispatch. As in the runtime's own classes, methods by which a
 * subclass or a caller overrides those of EventTarget are not called. Those of its prototype are looked up at each use:
 * tools such as zone.js replace them, with functions that expect every listener to be a function.
 * {@link https://html.spec.whatwg.org/multipage/webappapis.html#event-handler-idl-attributes}
 */
export class TargetEventHandlers implements EventHandlers {
  readonly #target: EventTarget
  /** The values of the attributes, by the type of event. */
  readonly #handlers = new Map<string, unknown>()
  /** The listener for each of these types; thousands of sources have none. */
  #listener: ((event: Event) => void) | undefined

  constructor(target: EventTarget) {
    this.#target = target
  }

  get(type: string): EventHandler {
    return (this.#handlers.get(type) ?? null) as EventHandler
  }

  set(type: string, handler: unknown): void {
    // "Invoke callback with event, with callback this value set to event's currentTarget."
    this.#listener ??= (event) => {
      const current = this.get(event.type)
      if (isFunction(current)) current.call(this.#target, event)
    }
    // [LegacyTreatNonObjectAsNull]: an object that is not callable is kept and returned, although it is never called.
    if (isObject(handler)) {
      // "Activate an event handler": the listener is added once, and a later handler takes over its place.
      if (!this.get(type)) EventTargetBase.prototype.addEventListener.call(this.#target, type, this.#listener)
      this.#handlers.set(type, handler)
    } else {
      // "Deactivate an event handler": the listener is removed, and loses its place in the order.
      EventTargetBase.prototype.removeEventListener.call(this.#target, type, this.#listener)
      this.#handlers.delete(type)
    }
  }

  dispatch(event: Event): void {
    EventTargetBase.prototype.dispatchEvent.call(this.#target, event)
  }
}
