import { isObject } from './options/validation.ts'
import type { EventHandler, EventHandlers } from './platform/platform.ts'

/** The listener that calls the handler of one attribute. It is added once, and a later handler takes over its place. */
class HandlerListener {
  /** The value of the attribute. */
  handler: unknown

  // "Invoke callback with event, with callback this value set to event's currentTarget."
  handleEvent(event: Event): void {
    if (typeof this.handler === 'function') this.handler.call(event.currentTarget, event)
  }
}

/**
 * The event handler IDL attributes of a target.
 * {@link https://html.spec.whatwg.org/multipage/webappapis.html#event-handler-idl-attributes}
 */
export class TargetEventHandlers implements EventHandlers {
  readonly #target: EventTarget
  readonly #listeners: Record<string, HandlerListener | undefined> = {}

  constructor(target: EventTarget) {
    this.#target = target
  }

  get(type: string): EventHandler {
    return (this.#listeners[type]?.handler ?? null) as EventHandler
  }

  set(type: string, handler: unknown): void {
    const listener = this.#listeners[type]
    // [LegacyTreatNonObjectAsNull]: an object that is not callable is kept and returned, although it is never called.
    if (!isObject(handler)) {
      // "Deactivate an event handler": the listener is removed, and loses its place in the order.
      if (listener) this.#target.removeEventListener(type, listener)
      this.#listeners[type] = undefined
    } else if (listener) {
      listener.handler = handler
    } else {
      // "Activate an event handler".
      const added = new HandlerListener()
      this.#listeners[type] = added
      added.handler = handler
      this.#target.addEventListener(type, added)
    }
  }

  dispatch(event: Event): void {
    this.#target.dispatchEvent(event)
  }
}
