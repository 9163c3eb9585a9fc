import { numberedEvent } from '../../fixtures/numbered-events.ts'
import { SharedEventSource, type SharedEventSourceInit } from '../../src/shared/shared-event-source.ts'
import { Condition } from '../condition.ts'

/** What a source has received, and its state. */
export interface Snapshot {
  readonly readyState: number
  readonly lastEventId: string
  /** The number of the first event; 0 if none has come. */
  readonly first: number
  /** The number of the last event; 0 if none has come. */
  readonly last: number
  /** The first error: an event that came twice, out of order, not at all, or with different contents. */
  readonly problem: string | null
  /** The number of `open` events. */
  readonly opened: number
  /** The fields of each `error` event. */
  readonly errors: readonly Readonly<Record<string, unknown>>[]
}

/** A source that records its events, in a page or in a worker. */
export class Recorder {
  readonly source: SharedEventSource
  readonly #errors: Record<string, unknown>[] = []
  readonly #changed = new Condition()
  #first = 0
  #last = 0
  #problem: string | null = null
  #opened = 0

  constructor(init?: SharedEventSourceInit) {
    const source = new SharedEventSource('/events', init)
    this.source = source
    for (const type of ['message', 'tick']) source.addEventListener(type, (event) => this.#receive(event))
    source.addEventListener('open', () => {
      this.#opened++
      this.#changed.signal()
    })
    source.addEventListener('error', ({ reason, status, body, attempt, willReconnect, headers }) => {
      this.#errors.push({ reason, status, body, attempt, willReconnect, type: headers?.get('content-type') })
      this.#changed.signal()
    })
  }

  get snapshot(): Snapshot {
    const { readyState, lastEventId } = this.source
    return {
      readyState,
      lastEventId,
      first: this.#first,
      last: this.#last,
      problem: this.#problem,
      opened: this.#opened,
      errors: this.#errors,
    }
  }

  /** Resolves when the source has opened this number of times. */
  opened(times = 1): Promise<Snapshot> {
    return this.#until(() => this.#opened >= times)
  }

  /** Resolves when an event with this number, or a later one, has come, or there was an error. */
  reached(number: number): Promise<Snapshot> {
    return this.#until(() => this.#last >= number || this.#problem !== null)
  }

  /** Resolves when there have been this number of `error` events. */
  failed(times: number): Promise<Snapshot> {
    return this.#until(() => this.#errors.length >= times)
  }

  #receive({ type, data, lastEventId, origin }: MessageEvent<string>): void {
    const number = Number(lastEventId)
    const expected = numberedEvent(number)
    if (this.#last && number !== this.#last + 1) this.#problem ??= `after event ${this.#last} came event ${number}`
    if (type !== expected.type || data !== expected.data) this.#problem ??= `event ${number} is not what was sent`
    if (origin !== location.origin) this.#problem ??= `event ${number} came from ${origin}`
    this.#first ||= number
    this.#last = number
    this.#changed.signal()
  }

  async #until(predicate: () => boolean): Promise<Snapshot> {
    await this.#changed.until(predicate)
    return this.snapshot
  }
}
