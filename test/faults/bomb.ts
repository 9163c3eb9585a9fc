import process from 'node:process'
import { EventSource, openEventStream } from '../../src/index.ts'

// `bomb.mjs URL` prints as JSON what comes of listening to an answer that has no end of an event.
export interface Explosion {
  /** The codes that either face ended with. */
  readonly codes: readonly string[]
  /** The most memory that the process ever had, in KiB. */
  readonly maxRSS: number
}

const [url = ''] = process.argv.slice(2)

const bySource = await new Promise<string>((resolve) => {
  const source = new EventSource(url)
  source.onerror = ({ code, willReconnect }) => {
    if (!willReconnect) resolve(code)
  }
})

const byStream = await openEventStream(url)
  [Symbol.asyncIterator]()
  .next()
  .then(
    () => 'an event',
    ({ code }) => code,
  )

const explosion: Explosion = { codes: [bySource, byStream], maxRSS: process.resourceUsage().maxRSS }
console.log(JSON.stringify(explosion))
