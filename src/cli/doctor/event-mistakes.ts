import { formatCount, quoteExcerpt } from '../format.ts'
import { type CheckResult, fail, warn } from './check-result.ts'
import type { ScannedEvent, StreamScan } from './stream-scan.ts'

/** A mistake in complete events, which no client reports. */
interface EventMistake {
  readonly isMade: (event: ScannedEvent) => boolean
  readonly message: string
  readonly fix: string
}

const eventMistakes: readonly EventMistake[] = [
  {
    isMade: ({ data }) => /^\[object \w+\]$/.test(data),
    message: 'the text of an object instead of its data',
    fix: 'serialize each payload: JSON.stringify(data)',
  },
  {
    isMade: ({ data }) => data === 'undefined',
    message: 'undefined instead of data',
    fix: 'check the name of the variable that is written after data:',
  },
  {
    // Not a data: URL.
    isMade: ({ data }) => /^(data|event|id|retry): ?(?![\w.+-]+\/|[;,])/.test(data),
    message: 'the name of a field twice',
    fix: 'write data: once: the library or the proxy that sends the event adds it, too',
  },
  {
    isMade: ({ type, data }) => type === 'error' && data !== '',
    message: 'the name "error"',
    fix: 'fix the error that the server reports; and use another name, since "error" also reaches the handlers of lost connections',
  },
  {
    isMade: ({ type }) => type === 'open',
    message: 'the name "open"',
    fix: 'use another name: "open" also reaches the handlers of new connections',
  },
]

/** Finds events that clients receive, but hardly as they were meant: a failure if all of them are such. */
export function findEventMistake({ events, lostNames }: StreamScan): CheckResult | undefined {
  const [name] = lostNames.first
  if (name) {
    return fail(
      `${formatCount(lostNames.count, 'name')} lost: ${quoteExcerpt(name.value)} in line ${name.line} is not part of the event after it`,
      'write event: and data: in one block, with a blank line only after both',
    )
  }
  for (const { isMade, message, fix } of eventMistakes) {
    const wrong = events.filter(isMade)
    const [example] = wrong
    if (!example) continue
    const count = `${wrong.length.toLocaleString('en-US')} of ${formatCount(events.length, 'event')}`
    const report = wrong.length === events.length ? fail : warn
    return report(`${count} with ${message}: ${quoteExcerpt(example.data, 80)} in line ${example.line}`, fix)
  }
  return undefined
}
