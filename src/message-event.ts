import { messageEventMembers } from './platform.server.ts'

/**
 * The MessageEvent of a message. To construct the runtime's own, with a dictionary, takes most of the time that an event
 * takes in Chromium, Bun and new versions of Node (`npm run bench:browser`). This one is an Event, with the members and
 * the prototype of a MessageEvent.
 */
export class StreamMessageEvent extends Event {
  readonly #message: Pick<MessageEvent, 'data' | 'origin' | 'lastEventId'>

  constructor(type: string, message: Pick<MessageEvent, 'data' | 'origin' | 'lastEventId'>) {
    super(type)
    this.#message = message
  }

  get data(): unknown {
    return this.#message.data
  }

  get origin(): string {
    return this.#message.origin
  }

  get lastEventId(): string {
    return this.#message.lastEventId
  }

  static {
    const blank = new MessageEvent('')
    const { prototype } = StreamMessageEvent
    for (const name of messageEventMembers) {
      const value = blank[name as keyof MessageEvent]
      if (!Object.hasOwn(prototype, name)) {
        Object.defineProperty(prototype, name, {
          // All else (`source`, `ports`, and what only some runtimes have) is as in an event that was made without it.
          get(this: StreamMessageEvent) {
            return this.#message && value
          },
          configurable: true,
        })
      }
      Object.defineProperty(prototype, name, { enumerable: true })
    }
    Object.defineProperty(prototype, 'constructor', { value: MessageEvent, enumerable: false })
    Object.setPrototypeOf(prototype, MessageEvent.prototype)
  }
}
