import { getEventListeners } from 'node:events'
import process from 'node:process'
import { EventSource } from '../../src/index.ts'

/** What one object holds on to while its connection is open. */
export interface Holdings {
  readonly reconnections: number
  /** How many of each resource keep the process alive: sockets, timers and the like. */
  readonly resources: Readonly<Record<string, number>>
  readonly listenersOfSignal: number
  readonly listenersOfProcess: number
  /** Bytes in use after a garbage collection. */
  readonly heap: number
}

/*
 * A program: `many-reconnections.mjs URL COUNT…` prints Holdings as JSON, a line each, after so many reconnections as the
 * COUNTs say, and ends after the last. The feed is silent then, until the program goes on.
 */
const [url = '', ...counts] = process.argv.slice(2)
const stops = counts.map(Number)
const { signal } = new AbortController()
const source = new EventSource(url, { signal, idleTimeout: 60_000 })
let reconnections = -1

source.addEventListener('open', () => {
  reconnections++
  if (reconnections !== stops[0]) return
  stops.shift()
  // Whatever the connection before still has to do is done by then, and the server has looked, too.
  setTimeout(look, 2_000)
})

function look(): void {
  globalThis.gc?.()
  const resources: Record<string, number> = {}
  for (const resource of process.getActiveResourcesInfo()) resources[resource] = (resources[resource] ?? 0) + 1
  const holdings: Holdings = {
    reconnections,
    resources,
    listenersOfSignal: getEventListeners(signal, 'abort').length,
    listenersOfProcess: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
    heap: process.memoryUsage().heapUsed,
  }
  console.log(JSON.stringify(holdings))
  if (stops.length === 0) source.close()
  else source.reconnect()
}
