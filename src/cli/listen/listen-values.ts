import type { RetryPolicy } from '../../index.ts'
import { parseCount } from '../command-line/command-line.ts'
import { UsageError } from '../command-line/errors.ts'
import type { Output } from '../output.ts'
import type { Verbosity } from '../terminal/diagnostics.ts'
import { escapeControlsInJson, escapeControlsInText } from '../terminal/escape-controls.ts'
import {
  type EventFormat,
  escapeFormat,
  formatEvent,
  formatEventWithTime,
  formatJsonPayload,
  formatPayload,
  formatPayloadWithTime,
} from './event-format.ts'
import { type FormatName, formatNames, type ListenValues } from './listen-options.ts'
import { transientStatuses } from './next-step.ts'
import { createPrettyFormat } from './pretty-format.ts'

/** @throws UsageError */
export function chooseVerbosity({ quiet, silent, verbose }: ListenValues): Verbosity {
  const isQuiet = quiet || silent
  if (isQuiet && verbose) throw new UsageError('--quiet and --verbose exclude each other')
  if (isQuiet) return 'quiet'
  return verbose ? 'verbose' : 'normal'
}

/** Returns the path of the file to append to; undefined for standard output, which is `-` as in curl. */
export function outputPath({ output }: ListenValues): string | undefined {
  return output === '-' ? undefined : output
}

/** @throws UsageError */
export function chooseFormat(values: ListenValues): FormatName {
  const name = readFormatName(values)
  if (name === 'json' && values.timestamps) {
    throw new UsageError('--timestamps would make JSON payloads invalid; use --format jsonl, data or pretty')
  }
  if (name === 'raw') {
    const excluded = (['timestamps', 'event', 'max-events', 'until', 'state'] as const).find((option) => values[option])
    if (excluded) throw new UsageError(`--format raw prints bytes, not events, and excludes --${excluded}`)
  }
  return name
}

function readFormatName(values: ListenValues): FormatName {
  const { format, data, json } = values
  const given = [
    ...(format === undefined ? [] : ['--format']),
    ...(data ? ['--data'] : []),
    ...(json ? ['--json'] : []),
  ]
  if (given.length > 1) throw new UsageError(`${given.slice(0, 2).join(' and ')} exclude each other`)
  if (data) return 'data'
  if (json) return 'json'
  if (format === undefined) return process.stdout.isTTY && outputPath(values) === undefined ? 'pretty' : 'jsonl'
  const name = formatNames.find((each) => each === format)
  if (name) return name
  throw new UsageError(`--format is ${JSON.stringify(format)}, not one of ${formatNames.join(', ')}`)
}

/** Creates the format of events. On a terminal, text from the server is escaped in every format. */
export function createFormat(name: FormatName, output: Output, hasTimestamps: boolean): EventFormat | 'raw' {
  const forTerminal = (format: EventFormat, escapeText: (text: string) => string): EventFormat =>
    output.terminal ? escapeFormat(format, escapeText) : format
  switch (name) {
    case 'pretty':
      return createPrettyFormat(output, hasTimestamps)
    case 'jsonl':
      return forTerminal(hasTimestamps ? formatEventWithTime : formatEvent, escapeControlsInJson)
    case 'data':
      return forTerminal(hasTimestamps ? formatPayloadWithTime : formatPayload, escapeControlsInText)
    case 'json':
      return forTerminal(formatJsonPayload, escapeControlsInJson)
    case 'raw':
      return 'raw'
  }
}

/** @throws UsageError */
export function parseRetryPolicy(values: ListenValues): RetryPolicy {
  const { 'max-attempts': maxAttempts, 'retry-status': list } = values
  return {
    maxAttempts: maxAttempts === undefined ? undefined : parseCount('--max-attempts', maxAttempts),
    statuses: list?.split(',').flatMap((item) => {
      const text = item.trim()
      if (text === 'transient') return transientStatuses
      // With 204, a server ends a stream permanently.
      if (/^[1-5]\d\d$/.test(text) && text !== '200' && text !== '204') return Number(text)
      throw new UsageError(
        `--retry-status has ${JSON.stringify(text)}, which is neither a status other than 200 and 204 nor "transient"`,
      )
    }),
  }
}
