import { EventBase, messageEventMembers } from '#platform'
import { defineProperty } from './define-property.ts'

/** What distinguishes one message from another. */
type Message = Pick<MessageEvent, 'data' | 'origin' | 'lastEventId'>

type MessageEventClass = new (type: string, message: Message) => Event

/**
 * Defines the MessageEvent of a message: an Event with the members and the prototype of the runtime's MessageEvent.
 * Constructing the runtime's own class with a dictionary would account for most of the time per event in Chromium, Bun
 * and new versions of Node (`npm run bench:browser`).
 */
function defineMessageEvent(): MessageEventClass {
  class StreamMessageEvent extends EventBase {
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

    /** A member that is the same in all messages. Its getter throws for any other object, as the runtime's getters do. */
    static constant(value: unknown): PropertyDescriptor {
      return {
        get(this: StreamMessageEvent) {
          return this.#message && value
        },
        configurable: true,
      }
    }
  }
  const { prototype } = StreamMessageEvent
  const template = new MessageEvent('', {})
  for (const name of messageEventMembers()) {
    const isOwn = Object.hasOwn(prototype, name)
    const constant = isOwn ? {} : StreamMessageEvent.constant(template[name as keyof MessageEvent])
    defineProperty(prototype, name, { ...constant, enumerable: true })
  }
  Object.setPrototypeOf(prototype, MessageEvent.prototype)
  // Without its own constructor, the prototype inherits MessageEvent as its constructor.
  Reflect.deleteProperty(prototype, 'constructor')
  return StreamMessageEvent
}

/** The class is defined at the first message, so that an import reads no globals. */
let StreamMessageEvent: MessageEventClass | undefined

export function createMessageEvent(type: string, message: Message): Event {
  StreamMessageEvent ??= defineMessageEvent()
  return new StreamMessageEvent(type, message)
}
