import { vi } from 'vitest'

/** A mock of the global object that dispatches `online`: Node has no such event. */
export function stubNetwork(): EventTarget & { readonly listeners: number } {
  const network = new EventTarget()
  const listeners = new Set<unknown>()
  vi.stubGlobal('addEventListener', (type: string, listener: EventListener) => {
    listeners.add(listener)
    network.addEventListener(type, listener)
  })
  vi.stubGlobal('removeEventListener', (type: string, listener: EventListener) => {
    listeners.delete(listener)
    network.removeEventListener(type, listener)
  })
  return Object.defineProperty(network, 'listeners', { get: () => listeners.size }) as typeof network & {
    readonly listeners: number
  }
}
