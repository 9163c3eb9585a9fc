import { type CommandLine, parseCount } from '../command-line/command-line.ts'
import { exitCodes } from '../command-line/exit-codes.ts'
import { createEndpoint } from '../endpoint/endpoint.ts'
import { openOutput } from '../output.ts'
import { onTerminationSignal, type TerminationSignal } from '../signals.ts'
import { createDiagnostics } from '../terminal/diagnostics.ts'
import type { ListenValues, listenOptions } from './listen-options.ts'
import { chooseFormat, chooseVerbosity, createFormat, outputPath, parseRetryPolicy } from './listen-values.ts'
import { printEvents } from './print-events.ts'
import { StateFile } from './state-file.ts'
import { chooseRepair } from './unfinished-line.ts'

/**
 * Receives and prints events until the end.
 * @returns the exit code
 * @throws UsageError, OperationalError
 */
export async function receiveEvents({ values, operands }: CommandLine<typeof listenOptions>): Promise<number> {
  const { event, until, insecure, timestamps = false, 'max-events': maxEvents } = values
  const verbosity = chooseVerbosity(values)
  const formatName = chooseFormat(values)
  const retry = parseRetryPolicy(values)
  const selection = {
    names: event && new Set(event),
    maxEvents: maxEvents === undefined ? Infinity : parseCount('--max-events', maxEvents),
    until,
  }
  const diagnostics = createDiagnostics(verbosity, formatName === 'pretty' ? 'time' : 'name')
  const closing = new AbortController()
  const requestValues = formatName === 'raw' ? withoutCompression(values) : values
  const { url, init, isPlainGet } = await createEndpoint({ values: requestValues, operands }, closing.signal)
  const state = values.state === undefined ? undefined : StateFile.open(values.state)
  const repairSettings = { format: formatName, isResumed: state !== undefined }
  const output = openOutput(outputPath(values), (line) => chooseRepair(line, repairSettings))
  if (insecure) diagnostics.notice('--insecure: certificates are not checked; anyone could impersonate the server')
  let endedBy: TerminationSignal | undefined
  const removeSignalListeners = onTerminationSignal((signal) => {
    endedBy = signal
    // The terminal shows ^C on the current line.
    if (signal === 'SIGINT' && process.stderr.isTTY) process.stderr.write('\n')
    closing.abort()
  })
  try {
    const lastEventId = state?.lastEventId ?? init.lastEventId
    const exitCode = await printEvents({
      ...selection,
      endpoint: { url, init: { ...init, retry, lastEventId }, isPlainGet },
      output,
      format: createFormat(formatName, output, timestamps),
      state,
      maxAttempts: retry.maxAttempts,
      retryAll: values['retry-all'] ?? false,
      hasStatistics: values.stats ?? false,
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

/** Asks for a response without compression, unless a header was given: raw bytes are meant to be read. */
function withoutCompression(values: ListenValues): ListenValues {
  const { header = [] } = values
  if (header.some((text) => /^accept-encoding\s*:/i.test(text))) return values
  return { ...values, header: [...header, 'Accept-Encoding: identity'] }
}
