import { isFunction, isObject } from './options/validation.ts'
import type { EventHandler, EventHandlers } from './platform/platform.ts'

/**
 * The event handler IDL attributes of a target.
 * {@link https://html.spec.whatwg.org/multipage/webappapis.html#event-handler-idl-attributes}
 */
export class TargetEventHandlers implements EventHandlers {
  readonly #target: EventTarget
  /** The values of the attributes, by the type of event. This object listens to each of these types. */
  readonly #handlers = new Map<string, unknown>()

  constructor(target: EventTarget) {
    this.#target = target
  }

  get(type: string): EventHandler {
    return (this.#handlers.get(type) ?? null) as EventHandler
  }

  set(type: string, handler: unknown): void {
    // [LegacyTreatNonObjectAsNull]: an object that is not callable is kept and returned, although it is never called.
    if (isObject(handler)) {
      // "Activate an event handler": the listener is added once, and a later handler takes over its place.
      if (!this.#handlers.has(type)) this.#target.addEventListener(type, this)
      this.#handlers.set(type, handler)
    } else {
      // "Deactivate an event handler": the listener is removed, and loses its place in the order.
      this.#target.removeEventListener(type, this)
      this.#handlers.delete(type)
    }
  }

  // "Invoke callback with event, with callback this value set to event's currentTarget."
  handleEvent(event: Event): void {
    const handler = this.get(event.type)
    if (isFunction(handler)) handler.call(event.currentTarget, event)
  }

  dispatch(event: Event): void {
    this.#target.dispatchEvent(event)
  }
}
