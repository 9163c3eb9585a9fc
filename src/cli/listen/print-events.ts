import { STATUS_CODES } from 'node:http'
import {
  type ErrorDetails,
  type EventStream,
  EventStreamError,
  openEventStream,
  type ServerSentEvent,
} from '../../index.ts'
import { exitCodes } from '../command-line/exit-codes.ts'
import type { Endpoint } from '../endpoint/endpoint.ts'
import { redactUrl } from '../endpoint/redact.ts'
import { observeTraffic } from '../endpoint/traffic.ts'
import { formatCount, formatDuration } from '../format.ts'
import type { Output } from '../output.ts'
import type { Diagnostics } from '../terminal/diagnostics.ts'
import { type EventFormat, formatEvent } from './event-format.ts'
import { FailureReporter } from './failure-reporter.ts'
import { suggestDoctor } from './next-step.ts'
import { Progress } from './progress.ts'
import { RawOutput } from './raw-output.ts'
import { SilenceMonitor } from './silence-monitor.ts'
import type { StateFile } from './state-file.ts'
import { Statistics } from './statistics.ts'
import { WireLog } from './wire-log.ts'

export interface PrintSettings {
  readonly endpoint: Endpoint
  readonly output: Output
  /** The names of the events to print; undefined prints all events. */
  readonly names: ReadonlySet<string> | undefined
  /** The format of events; `raw` prints the bytes of the response instead. */
  readonly format: EventFormat | 'raw'
  /** The maximum number of events to print. */
  readonly maxEvents: number
  /** The payload of the event that ends the stream; undefined if no event does. */
  readonly until: string | undefined
  readonly state: StateFile | undefined
  /** The number of failures in a row after which the stream ends; undefined never ends it. */
  readonly maxAttempts: number | undefined
  /** Whether to retry after a certificate error or an unknown host at the first attempt, too. */
  readonly retryAll: boolean
  /** Whether to report statistics every second. */
  readonly hasStatistics: boolean
  readonly diagnostics: Diagnostics
  /** A signal that closes the stream. */
  readonly signal: AbortSignal
}

/**
 * Prints the events of a stream until it ends.
 * @returns the exit code
 * @throws OperationalError
 */
export async function printEvents(settings: PrintSettings): Promise<number> {
  const printer = new EventPrinter(settings)
  try {
    const exitCode = await printer.run()
    if (exitCode !== exitCodes.refused) printer.summarize()
    return exitCode
  } finally {
    printer.close()
  }
}

class EventPrinter {
  readonly #settings: PrintSettings
  /** The URL, without secrets. */
  readonly #url: string
  readonly #progress = new Progress()
  readonly #silence: SilenceMonitor
  readonly #failureReporter: FailureReporter
  readonly #wireLog: WireLog
  readonly #statistics: Statistics | undefined
  /** The times in ms since 1970 at which the events that were not handled yet arrived. */
  readonly #arrivals: number[] = []
  readonly #rawOutput: RawOutput
  /** The status line of the last response, such as "200 OK". */
  #statusLine = ''
  /** The exit code if nothing else ends the command. */
  #exitCode: number = exitCodes.ended
  /** The error of the first attempt that retrying does not fix. */
  #fatalError: ErrorDetails | undefined
  readonly #stream: EventStream

  constructor(settings: PrintSettings) {
    const { endpoint, output, names, diagnostics, signal, hasStatistics } = settings
    this.#settings = settings
    this.#url = redactUrl(endpoint.url)
    const advice = { url: this.#url, doctor: suggestDoctor(this.#url, endpoint.isPlainGet) }
    this.#silence = new SilenceMonitor({ ...advice, names, progress: this.#progress, diagnostics })
    this.#failureReporter = new FailureReporter({ ...settings, ...advice })
    this.#rawOutput = new RawOutput(output)
    this.#wireLog = new WireLog(diagnostics)
    this.#statistics = hasStatistics ? new Statistics(this.#progress, diagnostics) : undefined
    this.#stream = this.#open()
    signal.addEventListener('abort', () => this.#stream.close())
  }

  /** @returns the exit code */
  async run(): Promise<number> {
    const { maxEvents } = this.#settings
    try {
      for await (const event of this.#stream) {
        const isOpen = await this.#handle(event)
        if (!isOpen || this.#progress.printed === maxEvents) return this.#exitCode
      }
    } catch (error) {
      if (!(error instanceof EventStreamError)) throw error
      return this.#failureReporter.reportEnd(error)
    }
    await this.#rawOutput.written
    if (this.#fatalError) return this.#failureReporter.reportFatalError(this.#fatalError.error)
    return this.#exitCode
  }

  /** Reports the counts of the run to people. */
  summarize(): void {
    const { events, interruptions, lastEventId, startedAt } = this.#progress
    const duration = performance.now() - startedAt
    const rate = ((events * 1_000) / duration).toFixed(1)
    const counts = `${formatCount(events, 'event')} in ${formatDuration(duration)} (${rate}/s)`
    const id = lastEventId ? `, last id ${lastEventId}` : ''
    this.#settings.diagnostics.success(`${counts}, ${formatCount(interruptions, 'interruption')}${id}`)
  }

  close(): void {
    this.#silence.stop()
    this.#wireLog.close()
    this.#statistics?.close()
  }

  #open(): EventStream {
    const { endpoint, diagnostics, until } = this.#settings
    const { url, init } = endpoint
    const progress = this.#progress
    const dispatcher = observeTraffic(init.dispatcher, {
      onSent: (controller) => {
        this.#silence.sent()
        this.#wireLog.sent(controller)
      },
      onResponse: (status, statusText, headers) => {
        this.#statusLine = `${status} ${statusText || (STATUS_CODES[status] ?? '')}`.trimEnd()
        this.#wireLog.responded(status, statusText, headers)
        this.#rawOutput.responded()
        this.#failureReporter.responded()
      },
      onBytes: (bytes) => {
        progress.bytes += bytes.length
        if (this.#settings.format === 'raw') void this.#writeRaw(bytes)
      },
    })
    return openEventStream(url, {
      ...init,
      dispatcher,
      onEvent: (event) => {
        progress.events++
        this.#arrivals.push(Date.now())
        this.#statistics?.received(event)
      },
      ...(until !== undefined && { until: ({ data }: ServerSentEvent) => data === until }),
      onInterruption: (details) => this.#onInterruption(details),
      onRequest: ({ method, url, attempt }) => {
        diagnostics.detail(`* attempt ${attempt}: ${method} ${redactUrl(url)}`)
        this.#silence.connecting()
      },
      onResponse: ({ status }) => {
        if (status === 200) diagnostics.success(`connected to ${this.#url}, ${this.#statusLine}`)
        this.#silence.responded()
      },
      onComment: (comment) => {
        progress.comments++
        diagnostics.detail(`: ${comment}`)
      },
    })
  }

  #onInterruption(details: ErrorDetails): void {
    this.#silence.stop()
    if (this.#failureReporter.isFatal(details)) {
      this.#fatalError = details
      this.#stream.close()
      return
    }
    this.#progress.interruptions++
    this.#failureReporter.reportInterruption(details)
  }

  /**
   * Prints an event, unless --event skips it, and stores its ID.
   * @returns whether the output is still open
   */
  async #handle(event: ServerSentEvent): Promise<boolean> {
    const { output, names, format, state, diagnostics } = this.#settings
    const progress = this.#progress
    const receivedAt = new Date(this.#arrivals.shift() ?? Date.now())
    progress.lastEventId = event.lastEventId
    if (names && !names.has(event.type)) {
      progress.skipped++
      progress.skippedNames.add(event.type)
      state?.storeOccasionally(event.lastEventId)
      return true
    }
    // Waiting for the output here also pauses the response once enough events are queued.
    if (format === 'raw') return await this.#rawOutput.written
    const text = format(event, receivedAt)
    if (text === undefined) {
      this.#exitCode = exitCodes.failed
      diagnostics.error(`the payload is not JSON, so the event was not printed: ${formatEvent(event).trimEnd()}`)
    } else {
      if (!(await output.write(text))) return false
      progress.printed++
    }
    if (state) {
      // In this order, a power failure may repeat an event, but loses none.
      output.sync()
      state.store(event.lastEventId)
    }
    return true
  }

  async #writeRaw(bytes: Buffer): Promise<void> {
    this.#progress.printed++
    // An error is thrown when the next event, or the end, is handled.
    const isOpen = await this.#rawOutput.write(bytes)
    if (!isOpen) this.#stream.close()
  }
}
