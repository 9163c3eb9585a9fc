import { getEventListeners } from 'node:events'
import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import { EventSource } from '../../src/index.ts'
import { openAndClose, untilMessage } from './open-and-close.ts'

/** What is held while one object is open, after so many others were opened and closed. */
export interface Holdings {
  readonly objects: number
  /** How many of each resource keep the process alive: sockets, timers and the like. */
  readonly resources: Readonly<Record<string, number>>
  readonly listenersOfSignal: number
  readonly listenersOfProcess: number
  /** Bytes in use after a garbage collection. */
  readonly heap: number
}

/*
 * A program: `many-objects.mjs URL COUNT…` prints Holdings as JSON, a line each, after so many objects as the COUNTs say.
 * While it looks, one more object is open, for URL?alone.
 */
const [url = '', ...counts] = process.argv.slice(2)
const { signal } = new AbortController()
const init = { signal, idleTimeout: 60_000 }
let objects = 0

for (const count of counts.map(Number)) {
  await openAndClose(url, init, count - objects)
  objects = count
  const source = new EventSource(`${url}?alone`, init)
  await untilMessage(source)
  // Whatever the objects before still have to do is done by then.
  await pause(2_000)
  globalThis.gc?.()
  const resources: Record<string, number> = {}
  for (const resource of process.getActiveResourcesInfo()) resources[resource] = (resources[resource] ?? 0) + 1
  const holdings: Holdings = {
    objects,
    resources,
    listenersOfSignal: getEventListeners(signal, 'abort').length,
    listenersOfProcess: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
    heap: process.memoryUsage().heapUsed,
  }
  console.log(JSON.stringify(holdings))
  source.close()
}
