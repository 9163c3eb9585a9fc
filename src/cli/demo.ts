import process from 'node:process'
import { EventSource } from '../index.ts'
import { type Format, paint } from './colour.ts'
import { type Look, listen } from './demo/listen.ts'
import { startUnreliableFeed } from './demo/unreliable-feed.ts'
import { onceSignalled } from './signals.ts'
import {
  commonOptions,
  describeOptions,
  exitCodes,
  type Options,
  readCommandLine,
  readCount,
  UsageError,
} from './usage.ts'

const options = {
  'max-events': { type: 'string', value: 'N', help: 'end after N events' },
  ...commonOptions,
} as const satisfies Options

const help = `Usage: everysource demo [--max-events N]

Listens to a feed that drops its connections, answers 503 and goes silent, and prints each event and each interruption.
It ends after N events, or on Ctrl-C: with exit code ${exitCodes.ended}, or ${exitCodes.failed} if an event was lost.

${describeOptions([['Options', options]])}`

const formats: Record<Look, Format | undefined> = {
  plain: undefined,
  good: 'green',
  bad: 'red',
  faint: 'dim',
}

/** @returns the exit code */
export async function demo(commandLine: readonly string[]): Promise<number> {
  const { values, operands } = readCommandLine(commandLine, options)
  if (values.help) {
    process.stdout.write(help)
    return exitCodes.ended
  }
  if (operands[0] !== undefined)
    throw new UsageError(`demo takes options only, and ${JSON.stringify(operands[0])} is none`)
  const given = values['max-events']
  const maxEvents = given === undefined ? undefined : readCount('--max-events', given)

  const interrupted = new AbortController()
  const stopHeeding = onceSignalled(() => interrupted.abort())
  // Whoever read the lines, say `head`, has seen enough.
  process.stdout.on('error', () => interrupted.abort())
  const feed = await startUnreliableFeed()
  print(`everysource listens to ${feed.url}, a feed that goes wrong on purpose${maxEvents ? '' : '; Ctrl-C ends it'}`)
  const complete = await listen({ EventSource, url: feed.url, maxEvents, signal: interrupted.signal, print })
  stopHeeding()
  await feed.close()
  return complete ? exitCodes.ended : exitCodes.failed
}

function print(line: string, look: Look = 'faint'): void {
  const format = formats[look]
  process.stdout.write(`${format ? paint(line, format, process.stdout) : line}\n`)
}
