interface Subscription {
  readonly callbacks: Set<() => void>
  readonly listener: () => void
}

const subscriptions = new WeakMap<AbortSignal, Subscription>()

/**
 * Calls a function when a signal aborts. All functions of a signal share one listener: for more than ten listeners, Node
 * prints a warning.
 * @returns a function that undoes it
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  let subscription = subscriptions.get(signal)
  if (!subscription) {
    const callbacks = new Set<() => void>()
    const listener = (): void => {
      for (const call of callbacks) call()
    }
    subscription = { callbacks, listener }
    subscriptions.set(signal, subscription)
    signal.addEventListener('abort', listener)
  }
  const { callbacks, listener } = subscription
  callbacks.add(callback)
  return () => {
    callbacks.delete(callback)
    if (callbacks.size) return
    signal.removeEventListener('abort', listener)
    subscriptions.delete(signal)
  }
}
