import { formatCount } from '../format.ts'
import type { Diagnostics } from '../terminal/diagnostics.ts'
import type { Progress } from './progress.ts'

export interface SilenceMonitorOptions {
  /** The URL, without secrets. */
  readonly url: string
  /** The suggestion to run the doctor. */
  readonly doctor: string
  /** The names of the events to print; undefined prints all events. */
  readonly names: ReadonlySet<string> | undefined
  readonly progress: Progress
  readonly diagnostics: Diagnostics
}

/** What the command waits for. */
type State = 'idle' | 'connecting' | 'waiting for a response' | 'receiving'

/** The time in ms without anything to print after which the monitor reports why. */
const patience = 5_000

/** Reports why nothing is printed: no connection, no response, no complete event, or only events that are skipped. */
export class SilenceMonitor {
  readonly #options: SilenceMonitorOptions
  #state: State = 'idle'
  #timer: NodeJS.Timeout | undefined
  /** The messages that were reported, without their numbers: each one is reported once. */
  readonly #reported = new Set<string>()

  constructor(options: SilenceMonitorOptions) {
    this.#options = options
  }

  /** Starts to wait for the connection of a request. */
  connecting(): void {
    this.#enter('connecting')
  }

  /** Starts to wait for the response to a request. */
  sent(): void {
    this.#enter('waiting for a response')
  }

  /** Starts to wait for the first event of a response. */
  responded(): void {
    this.#enter('receiving')
  }

  /** Stops, until there is another request. */
  stop(): void {
    this.#enter('idle')
  }

  #enter(state: State): void {
    this.#state = state
    clearTimeout(this.#timer)
    if (state !== 'idle') this.#startTimer()
  }

  #startTimer(): void {
    this.#timer = setTimeout(() => {
      const message = this.#describe()
      if (message === undefined) return
      const kind = message.replace(/\d+/g, '')
      if (!this.#reported.has(kind)) this.#options.diagnostics.notice(message)
      this.#reported.add(kind)
      this.#startTimer()
    }, patience)
    this.#timer.unref()
  }

  /** Returns undefined if there is no silence. */
  #describe(): string | undefined {
    const { url, progress, doctor } = this.#options
    switch (this.#state) {
      case 'idle':
        return undefined
      case 'connecting':
        return `no connection after ${patience / 1_000} s: still trying to connect to ${new URL(url).host}`
      case 'waiting for a response':
        return `connected, but no response after ${patience / 1_000} s: the server is slow, or a proxy holds it back; ${doctor}`
      case 'receiving':
        return progress.printed > 0 ? undefined : this.#describeStream()
    }
  }

  #describeStream(): string {
    const { doctor, names, progress } = this.#options
    const { bytes, comments, events, skipped, skippedNames } = progress
    if (skipped > 0 && names) {
      const given = [...names].map((name) => `--event ${name}`).join(' ')
      return `${formatCount(skipped, 'event')} skipped by ${given}; received: ${[...skippedNames].join(', ')}`
    }
    if (bytes === 0) return `no bytes received yet: the server has nothing to send, or a proxy holds it back; ${doctor}`
    if (comments > 0 && events === 0) return `only comments received yet: ${comments}`
    return `${formatCount(bytes, 'byte')} received, no complete event; ${doctor}`
  }
}
