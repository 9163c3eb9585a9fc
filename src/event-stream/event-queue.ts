import type { ServerSentEvent } from './event-stream.ts'

/** An event counts once more for every 4,096 characters of its data: 2 to the power of this. */
const sizeShift = 12

/**
 * The size of an event in the queue, as in a queuing strategy of the Streams standard. It is computed twice an event, and
 * a shift is measurably faster than `Math.floor`.
 */
const sizeOf = ({ data }: ServerSentEvent): number => 1 + (data.length >> sizeShift)

/**
 * The events that were read from the network and wait for the consumer, first in, first out. The queue accepts events
 * beyond its high water mark: the reader checks `isFull` before the next chunk.
 */
export class EventQueue {
  readonly #highWaterMark: number
  /** The oldest events, in reverse order: the next one is the last, since removing the first moves all the others. */
  #outgoing: ServerSentEvent[] = []
  /** The events pushed since `#outgoing` was filled, in order. */
  #incoming: ServerSentEvent[] = []
  #totalSize = 0
  /** Settles the promise that `changed()` returned, while it is pending. */
  #resolveChange: (() => void) | undefined

  /** @param highWaterMark the total size at which the queue is full */
  constructor(highWaterMark: number) {
    this.#highWaterMark = highWaterMark
  }

  get isEmpty(): boolean {
    return this.#totalSize === 0
  }

  get isFull(): boolean {
    return this.#totalSize >= this.#highWaterMark
  }

  push(event: ServerSentEvent): void {
    this.#incoming.push(event)
    this.#totalSize += sizeOf(event)
    this.notify()
  }

  /** Removes and returns the oldest event. */
  shift(): ServerSentEvent | undefined {
    if (!this.#outgoing.length) {
      this.#outgoing = this.#incoming.reverse()
      this.#incoming = []
    }
    const event = this.#outgoing.pop()
    if (!event) return
    this.#totalSize -= sizeOf(event)
    if (!this.isFull) this.notify()
    return event
  }

  clear(): void {
    this.#outgoing = []
    this.#incoming = []
    this.#totalSize = 0
  }

  /**
   * Waits until an event was pushed, until there is room for one, or for `notify()`. At most one caller waits: the
   * consumer waits only while the queue is empty, and the reader only while it is full.
   */
  changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#resolveChange = resolve
    })
  }

  /** Ends the wait of `changed()`, if it is pending. */
  notify(): void {
    this.#resolveChange?.()
    this.#resolveChange = undefined
  }
}
