import process from 'node:process'
import type { RetryPolicy } from '../../index.ts'
import { commonOptions, type Options, parseCommandLine, parseCount, type Values } from '../command-line/command-line.ts'
import { UsageError } from '../command-line/errors.ts'
import { exitCodes } from '../command-line/exit-codes.ts'
import { formatOptions } from '../command-line/help-text.ts'
import { createEndpoint } from '../endpoint/endpoint.ts'
import { requestOptions } from '../endpoint/request-options.ts'
import { openOutput } from '../output.ts'
import { onTerminationSignal, type TerminationSignal } from '../signals.ts'
import { createDiagnostics, type Verbosity } from '../terminal/diagnostics.ts'
import { readVersion } from '../version.ts'
import { type EventFormat, formatEvent, formatJsonPayload, formatPayload } from './event-format.ts'
import { transientStatuses } from './next-step.ts'
import { printEvents } from './print-events.ts'
import { StateFile } from './state-file.ts'

const outputOptions = {
  event: {
    type: 'string',
    multiple: true,
    value: 'NAME',
    help: 'print only events with this name (message if the server\nsends none); may be given more than once',
  },
  data: { type: 'boolean', help: 'print only the payloads' },
  json: {
    type: 'boolean',
    help: 'print each payload, which must be JSON, on one line; if one\nis not JSON, report it and exit with code 1',
  },
  output: {
    type: 'string',
    short: 'o',
    value: 'FILE',
    help: 'append to this file instead of writing to standard output',
  },
  'max-events': { type: 'string', value: 'N', help: 'exit after printing N events' },
  until: {
    type: 'string',
    value: 'STRING',
    help: 'exit before the event with exactly this payload; if the\nstream ends without it, exit with code 1',
  },
} as const satisfies Options

const reconnectionOptions = {
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

const generalOptions = {
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

const options = { ...requestOptions, ...outputOptions, ...reconnectionOptions, ...generalOptions }

const help = `Usage: everysource [options] URL
       everysource doctor [options] URL
       everysource demo [options]
       everysource help [command]

Receives server-sent events and prints each one as a line of JSON: {"event":…,"id":…,"data":…}.
Reconnects with the last event ID after a lost connection, and after the end of a response to GET.

${formatOptions([
  ['Request', requestOptions],
  ['Output', outputOptions],
  ['Reconnection', reconnectionOptions],
  ['Other', generalOptions],
])}
Exit codes: ${exitCodes.ended} ended, by SIGTERM or a closed pipe too; ${exitCodes.failed} failed on this machine; ${exitCodes.usage} invalid command line;
${exitCodes.refused} refused by the server; ${exitCodes.gaveUp} gave up after --max-attempts; ${exitCodes.interrupted} interrupted by Ctrl-C.
`

/** @returns the exit code */
export async function listen(commandLine: readonly string[]): Promise<number> {
  const { values, operands } = parseCommandLine(commandLine, options)
  if (values.help || values.version) {
    process.stdout.write(values.help ? help : `${readVersion()}\n`)
    return exitCodes.ended
  }
  const isQuiet = values.quiet || values.silent
  if (isQuiet && values.verbose) throw new UsageError('--quiet and --verbose exclude each other')
  const { event, until, insecure, 'max-events': maxEvents } = values
  const selection = {
    names: event && new Set(event),
    format: chooseFormat(values),
    maxEvents: maxEvents === undefined ? Infinity : parseCount('--max-events', maxEvents),
    until,
  }
  const retry = parseRetryPolicy(values)
  const diagnostics = createDiagnostics(chooseVerbosity(values))
  const closing = new AbortController()
  const { url, init } = await createEndpoint({ values, operands }, closing.signal)
  const state = values.state === undefined ? undefined : StateFile.open(values.state)
  if (insecure) diagnostics.notice('--insecure: certificates are not checked; anyone could impersonate the server')
  const output = openOutput(values.output)
  let endedBy: TerminationSignal | undefined
  const removeSignalListeners = onTerminationSignal((signal) => {
    endedBy = signal
    closing.abort()
  })
  try {
    const lastEventId = state?.lastEventId ?? init.lastEventId
    const endpoint = { url, init: { ...init, retry, lastEventId } }
    const exitCode = await printEvents({
      ...selection,
      endpoint,
      output,
      state,
      maxAttempts: retry.maxAttempts,
      retryAll: values['retry-all'] ?? false,
      diagnostics,
      signal: closing.signal,
    })
    return endedBy === 'SIGINT' ? exitCodes.interrupted : exitCode
  } finally {
    closing.abort()
    removeSignalListeners()
    init.dispatcher.destroy()
    state?.close()
    output.close()
  }
}

function chooseVerbosity({ quiet, silent, verbose }: Values<typeof generalOptions>): Verbosity {
  if (quiet || silent) return 'quiet'
  return verbose ? 'verbose' : 'normal'
}

function chooseFormat({ data, json }: Values<typeof outputOptions>): EventFormat {
  if (data && json) throw new UsageError('--data and --json exclude each other')
  if (data) return formatPayload
  return json ? formatJsonPayload : formatEvent
}

function parseRetryPolicy(values: Values<typeof reconnectionOptions>): RetryPolicy {
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
