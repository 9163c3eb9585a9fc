import { adaptEventHandlers } from '#platform'
import { isObject } from './options/validation.ts'
import type { EventHandler, EventHandlers } from './platform/platform.ts'

interface EventHandlerListener extends EventListenerObject {
  /** The value of the attribute. */
  handler: unknown
}

/**
 * Creates the event handler IDL attributes of a target.
 * {@link https://html.spec.whatwg.org/multipage/webappapis.html#event-handler-idl-attributes}
 */
export function createEventHandlers(target: EventTarget): EventHandlers {
  const listeners: Record<string, EventHandlerListener | undefined> = {}
  return adaptEventHandlers({
    get: (type) => (listeners[type]?.handler ?? null) as EventHandler,
    set(type, handler) {
      const listener = listeners[type]
      // [LegacyTreatNonObjectAsNull]: an object that is not callable is kept and returned, although it is never called.
      if (!isObject(handler)) {
        // "Deactivate an event handler": the listener is removed, and loses its place in the order.
        if (listener) target.removeEventListener(type, listener)
        listeners[type] = undefined
      } else if (listener) {
        listener.handler = handler
      } else {
        // "Activate an event handler": the listener is added once, and a later handler takes over its place.
        const added: EventHandlerListener = {
          handler,
          handleEvent(event) {
            if (typeof added.handler === 'function') added.handler.call(target, event)
          },
        }
        listeners[type] = added
        target.addEventListener(type, added)
      }
    },
    dispatch: (event) => {
      target.dispatchEvent(event)
    },
  })
}
