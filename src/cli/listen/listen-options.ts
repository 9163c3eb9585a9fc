import process from 'node:process'
import type { RetryPolicy } from '../../index.ts'
import { commonOptions, type Options, parseCount, type Values } from '../command-line/command-line.ts'
import { UsageError } from '../command-line/errors.ts'
import { requestOptions } from '../endpoint/request-options.ts'
import type { Output } from '../output.ts'
import type { Verbosity } from '../terminal/diagnostics.ts'
import {
  type EventFormat,
  formatEvent,
  formatEventWithTime,
  formatJsonPayload,
  formatPayload,
  formatPayloadWithTime,
} from './event-format.ts'
import { transientStatuses } from './next-step.ts'
import { createPrettyFormat } from './pretty-format.ts'

const formatNames = ['pretty', 'jsonl', 'data', 'json', 'raw'] as const

type FormatName = (typeof formatNames)[number]

export const outputOptions = {
  format: {
    type: 'string',
    choices: formatNames,
    value: 'FORMAT',
    help: 'the output format: pretty, for people (default on a\nterminal); jsonl, a line of JSON for each event (default\nelsewhere); data, only the payloads; json, payloads as one\nline of JSON each; or raw, the bytes of the response',
  },
  data: { type: 'boolean', help: 'the same as --format data' },
  json: {
    type: 'boolean',
    help: 'the same as --format json; a payload that is not JSON is\nreported, and the exit code will be 1',
  },
  timestamps: { type: 'boolean', help: 'print when each event arrived' },
  event: {
    type: 'string',
    multiple: true,
    value: 'NAME',
    help: 'print only events with this name (message if the server\nsends none); may be given more than once',
  },
  output: {
    type: 'string',
    short: 'o',
    value: 'FILE',
    help: 'append to this file instead of writing to standard output',
  },
  stats: {
    type: 'boolean',
    help: 'report the numbers of events and bytes, their rates, and the\ndelay of timestamped events every second on standard error',
  },
  'max-events': { type: 'string', value: 'N', help: 'exit after printing N events' },
  until: {
    type: 'string',
    value: 'STRING',
    help: 'exit before the event with exactly this payload; if the\nstream ends without it, exit with code 1',
  },
} as const satisfies Options

export const reconnectionOptions = {
  state: {
    type: 'string',
    value: 'FILE',
    help: 'store the last event ID in this file, and resume after it',
  },
  'retry-status': {
    type: 'string',
    value: 'LIST',
    help: 'retry after these HTTP statuses, such as 503,429; transient\nmeans 408,429,500,502,503,504',
  },
  'max-attempts': {
    type: 'string',
    value: 'N',
    help: 'give up after N failures in a row (default: never); an event\nresets the count',
  },
  'retry-all': {
    type: 'boolean',
    help: 'also retry if the first attempt fails because of its\ncertificate or an unknown host',
  },
} as const satisfies Options

export const generalOptions = {
  quiet: { type: 'boolean', short: 'q', help: 'do not report interruptions' },
  silent: { type: 'boolean', short: 's', help: 'the same as --quiet' },
  verbose: {
    type: 'boolean',
    short: 'v',
    help: 'report requests, responses and comments on standard error,\nwithout likely secrets',
  },
  version: { type: 'boolean', help: 'show the version' },
  ...commonOptions,
} as const satisfies Options

export const listenOptions = { ...requestOptions, ...outputOptions, ...reconnectionOptions, ...generalOptions }

export type ListenValues = Values<typeof listenOptions>

/** @throws UsageError */
export function chooseVerbosity({ quiet, silent, verbose }: ListenValues): Verbosity {
  const isQuiet = quiet || silent
  if (isQuiet && verbose) throw new UsageError('--quiet and --verbose exclude each other')
  if (isQuiet) return 'quiet'
  return verbose ? 'verbose' : 'normal'
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

function readFormatName({ format, data, json, output }: ListenValues): FormatName {
  const given = [
    ...(format === undefined ? [] : ['--format']),
    ...(data ? ['--data'] : []),
    ...(json ? ['--json'] : []),
  ]
  if (given.length > 1) throw new UsageError(`${given.slice(0, 2).join(' and ')} exclude each other`)
  if (data) return 'data'
  if (json) return 'json'
  if (format === undefined) return process.stdout.isTTY && output === undefined ? 'pretty' : 'jsonl'
  const name = formatNames.find((each) => each === format)
  if (name) return name
  throw new UsageError(`--format is ${JSON.stringify(format)}, not one of ${formatNames.join(', ')}`)
}

export function createFormat(name: FormatName, output: Output, hasTimestamps: boolean): EventFormat | 'raw' {
  switch (name) {
    case 'pretty':
      return createPrettyFormat(output, hasTimestamps)
    case 'jsonl':
      return hasTimestamps ? formatEventWithTime : formatEvent
    case 'data':
      return hasTimestamps ? formatPayloadWithTime : formatPayload
    case 'json':
      return formatJsonPayload
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
