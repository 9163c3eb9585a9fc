import { type ErrorDetails, EventStreamError, openEventStream } from '../index.ts'
import type { Diagnostics } from './diagnostics.ts'
import { type EventFormat, formatEvent } from './event-format.ts'
import { openOutput } from './output.ts'
import { describeHeaders, redactUrl } from './redact.ts'
import type { Endpoint } from './request-options.ts'
import type { StateFile } from './state-file.ts'
import { exitCodes } from './usage.ts'

export interface PrintSettings {
  readonly endpoint: Endpoint
  /** The names of the events to print; undefined for all. */
  readonly names: ReadonlySet<string> | undefined
  readonly format: EventFormat
  /** How many to print at most. */
  readonly maxEvents: number
  /** The payload of the event to end at; undefined for none. */
  readonly until: string | undefined
  readonly state: StateFile | undefined
  readonly diagnostics: Diagnostics
  /** Aborted when it is to end. */
  readonly closed: AbortSignal
}

/** So many characters of a refused response are shown. */
const longestExcerpt = 300

/**
 * Prints the events of a stream until it ends.
 * @returns the exit code
 * @throws Failure
 */
export async function printEvents(settings: PrintSettings): Promise<number> {
  const { endpoint, names, format, maxEvents, until, state, diagnostics, closed } = settings
  const output = openOutput()
  let printed = 0
  let exitCode: number = exitCodes.ended
  /** Whether the end came without the event that was to be the end. */
  let isCut = until !== undefined
  const stream = openEventStream(endpoint.url, {
    ...endpoint.init,
    until({ data }) {
      if (data === until) isCut = false
      return data === until
    },
    onInterruption({ message, delay = 0 }) {
      const next = delay < 50 ? 'at once' : `in ${(delay / 1_000).toFixed(1)} s`
      diagnostics.notice(`${message}; next attempt ${next}`)
    },
    onRequest({ method, url, headers, attempt }) {
      diagnostics.detail(`> ${method} ${redactUrl(url)} (attempt ${attempt})`)
      for (const header of describeHeaders(headers)) diagnostics.detail(`> ${header}`)
    },
    onResponse({ status, url, headers }) {
      diagnostics.detail(`< ${status} ${redactUrl(url)}`)
      for (const header of describeHeaders(headers)) diagnostics.detail(`< ${header}`)
    },
    onComment: (comment) => diagnostics.detail(`: ${comment}`),
  })
  closed.addEventListener('abort', () => stream.close())
  try {
    for await (const event of stream) {
      if (names && !names.has(event.type)) {
        state?.storeNowAndThen(event.lastEventId)
        continue
      }
      const text = format(event)
      if (text === undefined) {
        exitCode = exitCodes.failed
        diagnostics.error(`not JSON, and so not printed: ${formatEvent(event).trimEnd()}`)
      } else {
        if (!(await output.write(text))) return exitCode
        printed++
      }
      if (state) {
        // In this order: a power failure may double an event, and loses none.
        output.sync()
        state.store(event.lastEventId)
      }
      if (printed === maxEvents) return exitCode
    }
  } catch (error) {
    if (!(error instanceof EventStreamError)) throw error
    const gaveUp = error.code === 'gave-up'
    diagnostics.error(`${gaveUp ? 'gave up' : 'refused'}: ${error.message}${describeBody(error)}`)
    return gaveUp ? exitCodes.gaveUp : exitCodes.refused
  }
  if (!isCut || closed.aborted) return exitCode
  diagnostics.error(`the stream ended without ${JSON.stringify(until)}`)
  return exitCodes.failed
}

function describeBody({ body = '' }: Pick<Partial<ErrorDetails>, 'body'>): string {
  const text = body.trim()
  return text && `: ${text.slice(0, longestExcerpt)}${text.length > longestExcerpt ? '…' : ''}`
}
