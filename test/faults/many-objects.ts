import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import { EventSource } from '../../src/index.ts'
import { takeStock } from './holdings.ts'
import { openAndClose, untilMessage } from './open-and-close.ts'

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
  console.log(JSON.stringify({ objects, ...takeStock(signal) }))
  source.close()
}
