import process from 'node:process'
import type { RetryPolicy } from '../index.ts'
import { createDiagnostics, type Verbosity } from './diagnostics.ts'
import { type EventFormat, formatEvent, formatJsonPayload, formatPayload } from './event-format.ts'
import { printEvents } from './print-events.ts'
import { readEndpoint, requestOptions } from './request-options.ts'
import { onceSignalled } from './signals.ts'
import { StateFile } from './state-file.ts'
import {
  commonOptions,
  describeOptions,
  exitCodes,
  type Options,
  readCommandLine,
  readCount,
  UsageError,
  type Values,
} from './usage.ts'
import { readVersion } from './version.ts'

const outputOptions = {
  event: {
    type: 'string',
    multiple: true,
    value: 'NAME',
    help: 'print only events of this name (message is that of those\nwithout one); may be given more than once',
  },
  data: { type: 'boolean', help: 'print the payload only' },
  json: {
    type: 'boolean',
    help: 'the payloads are JSON: print each on one line; one that is\nnot goes to standard error, and the exit code will be 1',
  },
  'max-events': { type: 'string', value: 'N', help: 'end after N events were printed' },
  until: {
    type: 'string',
    value: 'STRING',
    help: 'end at the event whose payload is this, and do not print it;\nif the stream ends without it, the exit code is 1',
  },
} as const satisfies Options

const reconnectionOptions = {
  state: {
    type: 'string',
    value: 'FILE',
    help: 'keep the last event ID in this file, and resume after it',
  },
  'retry-status': {
    type: 'string',
    value: 'LIST',
    help: 'try again after these HTTP statuses, such as 503,429;\ntransient stands for 408,429,500,502,503,504',
  },
  'max-attempts': {
    type: 'string',
    value: 'N',
    help: 'give up after N failures in a row; an attempt that brought\nan event is none (never)',
  },
} as const satisfies Options

const generalOptions = {
  quiet: { type: 'boolean', short: 'q', help: 'say nothing of interruptions' },
  verbose: {
    type: 'boolean',
    short: 'v',
    help: 'show requests, responses and comments on standard error;\nwhat looks like a secret is left out',
  },
  version: { type: 'boolean', help: 'show the version' },
  ...commonOptions,
} as const satisfies Options

const options = { ...requestOptions, ...outputOptions, ...reconnectionOptions, ...generalOptions }

const help = `Usage: everysource [options] URL
       everysource doctor [options] URL
       everysource demo [options]

Listens to a stream of server-sent events and prints each event as a line of JSON: {"event":…,"id":…,"data":…}.
A connection that is lost, or a GET that ends, is made again, with the last event ID.

${describeOptions([
  ['Request', requestOptions],
  ['Output', outputOptions],
  ['Reconnection', reconnectionOptions],
  ['Other', generalOptions],
])}
Exit codes: ${exitCodes.ended} ended, or ended by a signal, or nobody reads the output any more; ${exitCodes.failed} something went wrong here;
${exitCodes.usage} a mistake in the command line; ${exitCodes.refused} the server refused; ${exitCodes.gaveUp} gave up after --max-attempts.
`

/** What \transient stands for: overload, restarts and limits, which pass. */
const transientStatuses = [408, 429, 500, 502, 503, 504]

/** @returns the exit code */
export async function listen(commandLine: readonly string[]): Promise<number> {
  const { values, operands } = readCommandLine(commandLine, options)
  if (values.help || values.version) {
    process.stdout.write(values.help ? help : `${readVersion()}\n`)
    return exitCodes.ended
  }
  if (values.quiet && values.verbose) throw new UsageError('--quiet and --verbose exclude each other')
  const { event, until, insecure, 'max-events': maxEvents } = values
  const selection = {
    names: event && new Set(event),
    format: readFormat(values),
    maxEvents: maxEvents === undefined ? Infinity : readCount('--max-events', maxEvents),
    until,
  }
  const retry = readRetry(values)
  const diagnostics = createDiagnostics(readVerbosity(values))
  const closing = new AbortController()
  const { url, init } = await readEndpoint({ values, operands }, closing.signal)
  const state = values.state === undefined ? undefined : StateFile.open(values.state)
  if (insecure) diagnostics.notice('--insecure: certificates are not checked; anybody may pose as the server')
  const stopHeeding = onceSignalled(() => closing.abort())
  try {
    const lastEventId = state?.lastEventId ?? init.lastEventId
    const endpoint = { url, init: { ...init, retry, lastEventId } }
    return await printEvents({ ...selection, endpoint, state, diagnostics, closed: closing.signal })
  } finally {
    closing.abort()
    stopHeeding()
    await init.dispatcher.destroy()
    state?.close()
  }
}

function readVerbosity({ quiet, verbose }: Values<typeof generalOptions>): Verbosity {
  if (quiet) return 'quiet'
  return verbose ? 'verbose' : 'normal'
}

function readFormat({ data, json }: Values<typeof outputOptions>): EventFormat {
  if (data && json) throw new UsageError('--data and --json exclude each other')
  if (data) return formatPayload
  return json ? formatJsonPayload : formatEvent
}

function readRetry(values: Values<typeof reconnectionOptions>): RetryPolicy {
  const { 'max-attempts': maxAttempts, 'retry-status': list } = values
  return {
    maxAttempts: maxAttempts === undefined ? undefined : readCount('--max-attempts', maxAttempts),
    statuses: list?.split(',').flatMap((item) => {
      const text = item.trim()
      if (text === 'transient') return transientStatuses
      // 204 is how a server ends a stream for good.
      if (/^[1-5]\d\d$/.test(text) && text !== '200' && text !== '204') return Number(text)
      throw new UsageError(
        `--retry-status has ${JSON.stringify(text)}, neither a status other than 200 and 204, nor the word transient`,
      )
    }),
  }
}
