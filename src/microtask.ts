/**
 * Resolves in the next microtask. Used instead of `queueMicrotask`, which most fake timers replace: nothing would be sent
 * until they advance.
 */
export function nextMicrotask(): Promise<void> {
  return Promise.resolve()
}
