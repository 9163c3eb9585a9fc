import process from 'node:process'
import { EventSource } from '../../src/index.ts'

/*
 * The shortest script of all, as a program: `script.mjs URL LAST` prints the id of each event and closes after event LAST,
 * or, where LAST is `error`, at the first interruption. It does nothing to stay alive, and nothing to end.
 */
const [url = '', last] = process.argv.slice(2)
const source = new EventSource(url)

source.onmessage = ({ lastEventId }) => {
  console.log(lastEventId)
  if (lastEventId === last) close()
}

if (last === 'error') source.onerror = close

function close(): void {
  source.close()
  const closed = performance.now()
  process.on('exit', () => console.log(`ended ${Math.ceil(performance.now() - closed)} ms after close()`))
}
