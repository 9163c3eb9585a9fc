import { type ErrorDetails, EventStreamError, openEventStream } from '../../index.ts'
import { exitCodes } from '../command-line/exit-codes.ts'
import type { Endpoint } from '../endpoint/endpoint.ts'
import { formatHeaders, redactUrl } from '../endpoint/redact.ts'
import type { Output } from '../output.ts'
import type { Diagnostics } from '../terminal/diagnostics.ts'
import { type EventFormat, formatEvent } from './event-format.ts'
import type { StateFile } from './state-file.ts'

export interface PrintSettings {
  readonly endpoint: Endpoint
  readonly output: Output
  /** The names of the events to print; undefined prints all events. */
  readonly names: ReadonlySet<string> | undefined
  readonly format: EventFormat
  /** The maximum number of events to print. */
  readonly maxEvents: number
  /** The payload of the event that ends the stream; undefined if no event does. */
  readonly until: string | undefined
  readonly state: StateFile | undefined
  readonly diagnostics: Diagnostics
  /** A signal that closes the stream. */
  readonly signal: AbortSignal
}

/** The maximum number of characters of a refused response's body that are shown. */
const maxExcerpt = 300

/**
 * Prints the events of a stream until it ends.
 * @returns the exit code
 * @throws OperationalError
 */
export async function printEvents(settings: PrintSettings): Promise<number> {
  const { endpoint, output, names, format, maxEvents, until, state, diagnostics, signal } = settings
  let printed = 0
  let exitCode: number = exitCodes.ended
  let isUntilMissing = until !== undefined
  const stream = openEventStream(endpoint.url, {
    ...endpoint.init,
    ...createObservers(diagnostics),
    until({ data }) {
      if (data === until) isUntilMissing = false
      return data === until
    },
  })
  signal.addEventListener('abort', () => stream.close())
  try {
    for await (const event of stream) {
      if (names && !names.has(event.type)) {
        state?.storeOccasionally(event.lastEventId)
        continue
      }
      const text = format(event)
      if (text === undefined) {
        exitCode = exitCodes.failed
        diagnostics.error(`the payload is not JSON, so the event was not printed: ${formatEvent(event).trimEnd()}`)
      } else {
        if (!(await output.write(text))) return exitCode
        printed++
      }
      if (state) {
        // In this order, a power failure may repeat an event, but loses none.
        output.sync()
        state.store(event.lastEventId)
      }
      if (printed === maxEvents) return exitCode
    }
  } catch (error) {
    if (!(error instanceof EventStreamError)) throw error
    const gaveUp = error.code === 'gave-up'
    diagnostics.error(`${gaveUp ? 'gave up' : 'refused'}: ${error.message}${formatBody(error)}`)
    return gaveUp ? exitCodes.gaveUp : exitCodes.refused
  }
  if (!isUntilMissing || signal.aborted) return exitCode
  diagnostics.error(`the stream ended without ${JSON.stringify(until)}`)
  return exitCodes.failed
}

/** Creates the callbacks that report requests, responses, comments and interruptions. */
function createObservers(
  diagnostics: Diagnostics,
): Pick<
  NonNullable<Parameters<typeof openEventStream>[1]>,
  'onInterruption' | 'onRequest' | 'onResponse' | 'onComment'
> {
  return {
    onInterruption({ message, delay = 0 }) {
      const when = delay < 50 ? 'now' : `in ${(delay / 1_000).toFixed(1)} s`
      diagnostics.notice(`${message}; reconnecting ${when}`)
    },
    onRequest({ method, url, headers, attempt }) {
      diagnostics.detail(`> ${method} ${redactUrl(url)} (attempt ${attempt})`)
      for (const header of formatHeaders(headers)) diagnostics.detail(`> ${header}`)
    },
    onResponse({ status, url, headers }) {
      diagnostics.detail(`< ${status} ${redactUrl(url)}`)
      for (const header of formatHeaders(headers)) diagnostics.detail(`< ${header}`)
    },
    onComment: (comment) => diagnostics.detail(`: ${comment}`),
  }
}

function formatBody({ body = '' }: Pick<Partial<ErrorDetails>, 'body'>): string {
  const text = body.trim()
  return text && `: ${text.slice(0, maxExcerpt)}${text.length > maxExcerpt ? '…' : ''}`
}
