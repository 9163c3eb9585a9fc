import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import { EventSource } from '../../src/index.ts'

/*
 * A program: `close-late.mjs URL COUNT` closes after COUNT connections, and after what garbage there is by then has been
 * collected. It ends when nothing is left that keeps it alive.
 */
const [url = '', count] = process.argv.slice(2)
const source = new EventSource(url)
let connections = 0

source.onopen = async () => {
  if (++connections < Number(count)) return
  for (let times = 0; times < 3; times++) {
    await pause(10)
    globalThis.gc?.()
  }
  source.close()
  console.log('closed')
}
