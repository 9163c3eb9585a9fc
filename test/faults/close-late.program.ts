import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import { EventSource } from '../../src/index.ts'

/*
 * The program `close-late URL COUNT` closes after COUNT connections and a garbage collection. It ends when nothing keeps
 * it alive.
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
