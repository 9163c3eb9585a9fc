import process from 'node:process'
import { EventSource } from '../../src/index.ts'

/*
 * The shortest possible script: `script URL LAST` prints the id of each event and closes after the event LAST, or, if LAST
 * is `error`, at the first interruption. It neither keeps itself alive nor ends itself.
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
