import { formatCount, quoteExcerpt } from '../format.ts'
import { type CheckResult, fail, warn } from './check-result.ts'
import type { ScannedEvent, StreamScan } from './stream-scan.ts'

/** A mistake in complete events, which no client reports. */
interface EventMistake {
  /** Whether such events are useless to clients. */
  readonly isFatal: boolean
  readonly isMade: (event: ScannedEvent) => boolean
  readonly message: string
  readonly fix: string
}

const eventMistakes: readonly EventMistake[] = [
  {
    isFatal: true,
    isMade: ({ data }) => /^\[object \w+\]$/.test(data),
    message: 'the text of an object instead of its data',
    fix: 'serialize each payload: JSON.stringify(data)',
  },
  {
    isFatal: true,
    isMade: ({ data }) => data === 'undefined',
    message: 'undefined instead of data',
    fix: 'check the name of the variable that is written after data:',
  },
  {
    isFatal: true,
    // Not a data: URL.
    isMade: ({ data }) => /^data: ?(?![\w.+-]+\/|[;,])\S/m.test(data),
    message: 'the name of a field twice',
    fix: 'write data: once: the library or the proxy that sends the event adds it, too',
  },
  {
    isFatal: true,
    isMade: ({ type, data }) => type === 'error' && data !== '',
    message: 'the name "error"',
    fix: 'fix the error that the server reports; and use another name, since "error" also reaches the handlers of lost connections',
  },
  {
    isFatal: false,
    isMade: ({ type }) => type === 'open',
    message: 'the name "open"',
    fix: 'use another name: "open" also reaches the handlers of new connections',
  },
]

/** Finds events that clients receive, but hardly as they were meant. If all events are like that, it is a failure. */
export function findEventMistake({ events, lostNames }: StreamScan): CheckResult | undefined {
  const [name] = lostNames.first
  if (name) {
    const report = lostNames.count > events.length / 2 ? fail : warn
    return report(
      `${formatCount(lostNames.count, 'name')} lost: ${quoteExcerpt(name.value)} in line ${name.line} is not part of the event after it`,
      'write event: and data: in one block, with a blank line only after both',
    )
  }
  for (const { isFatal, isMade, message, fix } of eventMistakes) {
    const wrong = events.filter(isMade)
    const [example] = wrong
    if (!example) continue
    const count = `${wrong.length.toLocaleString('en-US')} of ${formatCount(events.length, 'event')}`
    const report = isFatal && wrong.length === events.length ? fail : warn
    return report(`${count} with ${message}: ${quoteExcerpt(example.data, 80)} in line ${example.line}`, fix)
  }
  return undefined
}
