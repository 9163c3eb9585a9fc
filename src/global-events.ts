/** The global object, or what takes its place in a runtime without events of its own. */
interface EventScope {
  addEventListener(type: string, listener: (event: Event) => void, capture?: boolean): void
  removeEventListener?(type: string, listener: (event: Event) => void, capture?: boolean): void
}

/**
 * Listens to events of the global object. They are an extra everywhere: the functions may be missing, and those of a
 * window that a test tool has copied may throw.
 * @returns a function that removes the listener; undefined if it could not be added
 */
export function onEvents(
  scope: object,
  types: readonly string[],
  listener: (event: Event) => void,
  capture = false,
): (() => void) | undefined {
  const target = scope as EventScope
  try {
    for (const type of types) target.addEventListener(type, listener, capture)
  } catch {
    return
  }
  return () => {
    for (const type of types) target.removeEventListener?.(type, listener, capture)
  }
}
