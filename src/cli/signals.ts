const terminationSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export type TerminationSignal = (typeof terminationSignals)[number]

/**
 * Calls back at the first signal that asks the process to end. The second one ends it at once, as is the default.
 * @returns a function that removes the listeners
 */
export function onTerminationSignal(callback: (signal: TerminationSignal) => void): () => void {
  const removeListeners = (): void => {
    for (const signal of terminationSignals) process.off(signal, onSignal)
  }
  const onSignal = (signal: NodeJS.Signals): void => {
    removeListeners()
    callback(signal as TerminationSignal)
  }
  for (const signal of terminationSignals) process.on(signal, onSignal)
  return removeListeners
}
