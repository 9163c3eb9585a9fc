/** The global object, or what takes its place in a runtime without events of its own. */
interface GlobalEventTarget {
  addEventListener(type: string, listener: (event: Event) => void, capture?: boolean): void
  removeEventListener?(type: string, listener: (event: Event) => void, capture?: boolean): void
}

/**
 * Listens to events of the global object. They are optional everywhere: the functions may be missing, and those of a
 * window that a test tool has copied may throw.
 * @param target what dispatches them, where that is not the global object
 * @returns a function that removes the listener; undefined if it could not be added
 */
export function onGlobalEvents(
  types: readonly string[],
  listener: (event: Event) => void,
  capture?: boolean,
  target: object = globalThis,
): (() => void) | undefined {
  try {
    for (const type of types) (target as GlobalEventTarget).addEventListener(type, listener, capture)
  } catch {
    return
  }
  return () => {
    for (const type of types) (target as GlobalEventTarget).removeEventListener?.(type, listener, capture)
  }
}
