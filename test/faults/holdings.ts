import { getEventListeners } from 'node:events'
import process from 'node:process'

/** What a process holds on to. */
export interface Holdings {
  /** How many of each resource keep the process alive: sockets, timers and the like. */
  readonly resources: Readonly<Record<string, number>>
  readonly listenersOfSignal: number
  readonly listenersOfProcess: number
  /** Bytes in use after a garbage collection. */
  readonly heap: number
}

/** Takes stock of this process, which has been started with `--expose-gc`. */
export function takeStock(signal: AbortSignal): Holdings {
  globalThis.gc?.()
  const resources: Record<string, number> = {}
  for (const resource of process.getActiveResourcesInfo()) resources[resource] = (resources[resource] ?? 0) + 1
  return {
    resources,
    listenersOfSignal: getEventListeners(signal, 'abort').length,
    listenersOfProcess: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
    heap: process.memoryUsage().heapUsed,
  }
}
