import { messageEventMembers } from '#platform'

type Message = Pick<MessageEvent, 'data' | 'origin' | 'lastEventId'>

/**
 * The MessageEvent of a message: an Event with the members and the prototype of the runtime's MessageEvent. Constructing
 * the runtime's own, with a dictionary, takes most of the time that an event takes in Chromium, Bun and new versions of
 * Node (`npm run bench:browser`).
 */
export class StreamMessageEvent extends Event {
  readonly #message: Message

  constructor(type: string, message: Message) {
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

  /** A brand check, and the value of a member that is the same in every message. Throws for any other object, as the runtime's getter. */
  static readConstant(event: StreamMessageEvent, value: unknown): unknown {
    return event.#message && value
  }
}

function inheritFromMessageEvent(): void {
  const { prototype } = StreamMessageEvent
  const template = new MessageEvent('')
  for (const name of messageEventMembers()) {
    if (!Object.hasOwn(prototype, name)) {
      const value = template[name as keyof MessageEvent]
      Object.defineProperty(prototype, name, {
        get(this: StreamMessageEvent) {
          return StreamMessageEvent.readConstant(this, value)
        },
        configurable: true,
      })
    }
    Object.defineProperty(prototype, name, { enumerable: true })
  }
  Object.defineProperty(prototype, 'constructor', { value: MessageEvent, enumerable: false })
  Object.setPrototypeOf(prototype, MessageEvent.prototype)
}

inheritFromMessageEvent()
