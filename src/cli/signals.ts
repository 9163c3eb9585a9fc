import process from 'node:process'

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Calls back at the first signal that asks to end; a second one ends the process at once, as signals do.
 * @returns stops heeding them
 */
export function onceSignalled(callback: () => void): () => void {
  const stop = (): void => {
    for (const signal of signals) process.off(signal, signalled)
  }
  const signalled = (): void => {
    stop()
    callback()
  }
  for (const signal of signals) process.on(signal, signalled)
  return stop
}
