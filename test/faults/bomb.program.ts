import process from 'node:process'
import { EventSource, openEventStream } from '../../src/index.ts'

// The program `bomb URL` listens to a response without the end of an event, and prints a BombReport as JSON.
export interface BombReport {
  /** The reasons of the errors of EventSource and of openEventStream(). */
  readonly reasons: readonly string[]
  /** The maximum memory of the process in KiB. */
  readonly maxRSS: number
}

const [url = ''] = process.argv.slice(2)

const bySource = await new Promise<string>((resolve) => {
  const source = new EventSource(url)
  source.onerror = ({ reason, willReconnect }) => {
    if (!willReconnect) resolve(reason)
  }
})

const byStream = await openEventStream(url)
  [Symbol.asyncIterator]()
  .next()
  .then(
    () => 'an event',
    ({ reason }) => reason,
  )

const report: BombReport = { reasons: [bySource, byStream], maxRSS: process.resourceUsage().maxRSS }
console.log(JSON.stringify(report))
