import type { ServerSentEvent } from '../../index.ts'
import { formatCount, formatDuration } from '../format.ts'
import type { Diagnostics } from '../terminal/diagnostics.ts'
import { findTimestamps, removeSequenceNumber } from '../timestamps.ts'
import type { Progress } from './progress.ts'

/** The time in ms between two reports. */
const interval = 1_000

/** The maximum number of characters of an event's data that are searched for a timestamp. */
const maxSearched = 4_096

/** Reports the counts and rates of a stream every second; for `--stats`. */
export class Statistics {
  readonly #progress: Progress
  readonly #timer: NodeJS.Timeout
  /** The delay in ms between the creation and the arrival of the last event with a timestamp. */
  #delay: number | undefined

  constructor(progress: Progress, diagnostics: Diagnostics) {
    this.#progress = progress
    let before = { events: 0, bytes: 0, at: performance.now() }
    this.#timer = setInterval(() => {
      const { events, bytes } = this.#progress
      const now = performance.now()
      const perSecond = (count: number): string =>
        Math.round((count * 1_000) / (now - before.at)).toLocaleString('en-US')
      const eventRate = `${formatCount(events, 'event')}, ${perSecond(events - before.events)}/s`
      const byteRate = `${formatCount(bytes, 'byte')}, ${perSecond(bytes - before.bytes)}/s`
      const delay = this.#delay === undefined ? '' : `; delay ${formatDuration(this.#delay)}`
      diagnostics.statistics(`${eventRate}; ${byteRate}${delay}`)
      before = { events, bytes, at: now }
      this.#delay = undefined
    }, interval)
    this.#timer.unref()
  }

  /** Measures the delay of an event, if it contains the time at which it was created. */
  received({ data, lastEventId }: ServerSentEvent): void {
    const now = Date.now()
    const timestamps = [
      ...findTimestamps(removeSequenceNumber(lastEventId), now).values(),
      ...findTimestamps(data.slice(0, maxSearched), now).values(),
    ].filter((timestamp) => timestamp <= now)
    if (timestamps.length > 0) this.#delay = now - Math.max(...timestamps)
  }

  close(): void {
    clearInterval(this.#timer)
  }
}
