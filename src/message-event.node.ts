import type { CreateMessageEvent } from './message-event.ts'

const noPorts: readonly MessagePort[] = Object.freeze([])

/**
 * A MessageEvent of what a stream brings. Node's own spends more time on the dictionary that it is constructed with than
 * the rest of an event takes (`npm run bench -- --works flood`). This one is an Event, with the members and the
 * prototype of a MessageEvent.
 */
class StreamMessageEvent extends Event {
  readonly #data: string
  readonly #origin: string
  readonly #lastEventId: string

  constructor(type: string, data: string, origin: string, lastEventId: string) {
    super(type)
    this.#data = data
    this.#origin = origin
    this.#lastEventId = lastEventId
  }

  get data(): string {
    return this.#data
  }

  get origin(): string {
    return this.#origin
  }

  get lastEventId(): string {
    return this.#lastEventId
  }

  get source(): null {
    return null
  }

  get ports(): readonly MessagePort[] {
    return noPorts
  }
}

const { prototype } = StreamMessageEvent
Object.setPrototypeOf(prototype, MessageEvent.prototype)
for (const name of ['data', 'origin', 'lastEventId', 'source', 'ports']) {
  Object.defineProperty(prototype, name, { enumerable: true })
}
Object.defineProperty(prototype, 'constructor', { value: MessageEvent })

export const createStreamMessageEvent: CreateMessageEvent = (type, data, origin, lastEventId) =>
  new StreamMessageEvent(type, data, origin, lastEventId) as unknown as MessageEvent
