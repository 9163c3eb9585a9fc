import { getEventListeners } from 'node:events'
import process from 'node:process'

/** The resources that a process uses. */
export interface ResourceSnapshot {
  /** The number of resources of each kind that keep the process alive: sockets, timers and the like. */
  readonly resources: Readonly<Record<string, number>>
  readonly signalListeners: number
  readonly processListeners: number
  /** The bytes of the heap in use after a garbage collection. */
  readonly heap: number
}

/** Returns the resources of this process, which must have been started with `--expose-gc`. */
export function takeResourceSnapshot(signal: AbortSignal): ResourceSnapshot {
  globalThis.gc?.()
  const resources: Record<string, number> = {}
  for (const resource of process.getActiveResourcesInfo()) resources[resource] = (resources[resource] ?? 0) + 1
  return {
    resources,
    signalListeners: getEventListeners(signal, 'abort').length,
    processListeners: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
    heap: process.memoryUsage().heapUsed,
  }
}
