import process from 'node:process'
import { EventSource } from '../../src/index.ts'
import { takeResourceSnapshot } from './resource-snapshot.ts'

/*
 * The program `many-reconnections URL COUNT…` prints a ResourceSnapshot as a line of JSON after each COUNT of
 * reconnections, and ends after the last. The feed is silent then, until the program continues.
 */
const [url = '', ...counts] = process.argv.slice(2)
const stops = counts.map(Number)
const { signal } = new AbortController()
const source = new EventSource(url, { signal, idleTimeout: 60_000 })
let count = -1

source.addEventListener('open', () => {
  count++
  if (count !== stops[0]) return
  stops.shift()
  // By then the connection before has finished everything, and the server has counted its sockets.
  setTimeout(printSnapshot, 2_000)
})

function printSnapshot(): void {
  console.log(JSON.stringify({ count, ...takeResourceSnapshot(signal) }))
  if (stops.length === 0) source.close()
  else source.reconnect()
}
