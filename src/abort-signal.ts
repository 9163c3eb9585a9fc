/** The functions to call when a signal aborts. */
const callbacks = new WeakMap<AbortSignal, Set<() => void>>()

/**
 * Calls a function when a signal aborts. All functions of a signal share one listener: for more than ten listeners, Node
 * prints a warning.
 * @returns a function that undoes it
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const known = callbacks.get(signal)
  const all = known ?? new Set()
  const onAbortEvent = (): void => {
    for (const call of all) call()
  }
  if (!known) {
    callbacks.set(signal, all)
    signal.addEventListener('abort', onAbortEvent, { once: true })
  }
  all.add(callback)
  return () => {
    all.delete(callback)
  }
}
