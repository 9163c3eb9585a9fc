import process from 'node:process'
import { EventSource } from '../../src/index.ts'
import { takeStock } from './holdings.ts'

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
  console.log(JSON.stringify({ reconnections, ...takeStock(signal) }))
  if (stops.length === 0) source.close()
  else source.reconnect()
}
