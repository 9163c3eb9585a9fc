import { numberedEvent } from '../../fixtures/numbered-events.ts'
import { SharedEventSource, type SharedEventSourceInit } from '../../src/shared/shared-event-source.ts'

/** What a source has seen. */
export interface Sighting {
  readonly readyState: number
  readonly lastEventId: string
  /** The number of the first event that came, and of the last; 0 if none did. */
  readonly first: number
  readonly last: number
  /** The first thing that was wrong: an event twice, out of order, left out, or with something else in it. */
  readonly problem: string | null
  /** How often it opened. */
  readonly opened: number
  /** The fields of each `error` event. */
  readonly errors: readonly Readonly<Record<string, unknown>>[]
}

/** A source that writes down what it sees, in a page or in a worker. */
export class Witness {
  readonly source: SharedEventSource
  readonly #errors: Record<string, unknown>[] = []
  readonly #looks = new Set<() => void>()
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
      this.#look()
    })
    source.addEventListener('error', ({ code, status, body, attempt, willReconnect, headers }) => {
      this.#errors.push({ code, status, body, attempt, willReconnect, type: headers?.get('content-type') })
      this.#look()
    })
  }

  get sighting(): Sighting {
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

  /** Resolves when it is open for the nth time. */
  opened(times = 1): Promise<Sighting> {
    return this.#until(() => this.#opened >= times)
  }

  /** Resolves when an event with this number, or a later one, has come, or something went wrong. */
  reached(number: number): Promise<Sighting> {
    return this.#until(() => this.#last >= number || this.#problem !== null)
  }

  /** Resolves when there have been so many `error` events. */
  failed(times: number): Promise<Sighting> {
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
    this.#look()
  }

  #look(): void {
    for (const each of [...this.#looks]) each()
  }

  #until(holds: () => boolean): Promise<Sighting> {
    return new Promise((resolve) => {
      const each = (): void => {
        if (!holds()) return
        this.#looks.delete(each)
        resolve(this.sighting)
      }
      this.#looks.add(each)
      each()
    })
  }
}
