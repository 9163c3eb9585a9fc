/**
 * Listens to events of the global object. They are an extra everywhere: the functions may be missing, and those of a
 * window that a test tool has copied may throw.
 * @returns a function that removes the listener; undefined if it could not be added
 */
export function onGlobalEvents(
  types: readonly string[],
  listener: (event: Event) => void,
  capture = false,
): (() => void) | undefined {
  const { addEventListener, removeEventListener } = globalThis
  if (!addEventListener || !removeEventListener) return
  try {
    for (const type of types) addEventListener.call(globalThis, type, listener, capture)
  } catch {
    return
  }
  return () => {
    for (const type of types) removeEventListener.call(globalThis, type, listener, capture)
  }
}
