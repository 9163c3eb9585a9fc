import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import { EventSource } from '../../src/index.ts'
import { openAndClose, untilMessage } from './open-and-close.ts'
import { takeResourceSnapshot } from './resource-snapshot.ts'

/*
 * The program `many-objects URL COUNT…` prints a ResourceSnapshot as a line of JSON after each COUNT of objects, while
 * one more object is open, for URL?alone.
 */
const [url = '', ...counts] = process.argv.slice(2)
const { signal } = new AbortController()
const init = { signal, idleTimeout: 60_000 }
let done = 0

for (const count of counts.map(Number)) {
  await openAndClose(url, init, count - done)
  done = count
  const source = new EventSource(`${url}?alone`, init)
  await untilMessage(source)
  // The objects before have finished everything by then.
  await pause(2_000)
  console.log(JSON.stringify({ count, ...takeResourceSnapshot(signal) }))
  source.close()
}
