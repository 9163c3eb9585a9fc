import { EventSource } from '../../index.ts'
import { parseCommandLine, parseCount } from '../command-line/command-line.ts'
import { UsageError } from '../command-line/errors.ts'
import { exitCodes } from '../command-line/exit-codes.ts'
import { formatOptions } from '../command-line/help-text.ts'
import { onTerminationSignal } from '../signals.ts'
import { colorize, type TextStyle } from '../terminal/color.ts'
import { demoOptions } from './demo-options.ts'
import { followFeed, type LineStyle } from './follow-feed.ts'
import { startUnreliableFeed } from './unreliable-feed.ts'

const help = `Usage: everysource demo [--max-events N]

Listens to a local feed that drops connections, answers 503 and stops sending, and prints each event and interruption.
Ends after N events, or on Ctrl-C. The exit code is ${exitCodes.ended}, or ${exitCodes.failed} if an event was lost.

${formatOptions([['Options', demoOptions]])}`

const textStyles: Record<LineStyle, TextStyle | undefined> = {
  normal: undefined,
  success: 'green',
  failure: 'red',
  muted: 'dim',
}

/** @returns the exit code */
export async function demo(commandLine: readonly string[]): Promise<number> {
  const { values, operands } = parseCommandLine(commandLine, demoOptions)
  if (values.help) {
    process.stdout.write(help)
    return exitCodes.ended
  }
  if (operands[0] !== undefined) {
    throw new UsageError(`demo takes no operand, but got ${JSON.stringify(operands[0])}; see everysource demo --help`)
  }
  const count = values['max-events']
  const maxEvents = count === undefined ? undefined : parseCount('--max-events', count)

  const interrupted = new AbortController()
  const removeSignalListeners = onTerminationSignal(() => interrupted.abort())
  // A reader such as `head` may close the pipe early.
  process.stdout.on('error', () => interrupted.abort())
  const feed = await startUnreliableFeed()
  print(`everysource listens to ${feed.url}, a feed that fails on purpose${maxEvents ? '' : '; press Ctrl-C to end'}`)
  const isComplete = await followFeed({ EventSource, url: feed.url, maxEvents, signal: interrupted.signal, print })
  removeSignalListeners()
  await feed.close()
  return isComplete ? exitCodes.ended : exitCodes.failed
}

function print(line: string, lineStyle: LineStyle = 'muted'): void {
  const textStyle = textStyles[lineStyle]
  process.stdout.write(`${textStyle ? colorize(line, textStyle, process.stdout) : line}\n`)
}
