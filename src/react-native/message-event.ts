import { Event } from './runtime-events.ts'

/**
 * The MessageEvent that no version of React Native has.
 * {@link https://html.spec.whatwg.org/multipage/comms.html#the-messageevent-interface}
 */
export class MessageEvent extends Event {
  readonly #init: MessageEventInit
  readonly #ports: readonly unknown[]

  constructor(type: string, init: MessageEventInit = {}) {
    super(type, init)
    this.#init = init
    this.#ports = Object.freeze([...(init.ports ?? [])])
  }

  get data(): unknown {
    const { data = null } = this.#init
    return data
  }

  get origin(): string {
    return this.#init.origin ?? ''
  }

  get lastEventId(): string {
    return this.#init.lastEventId ?? ''
  }

  get source(): unknown {
    return this.#init.source ?? null
  }

  get ports(): readonly unknown[] {
    return this.#ports
  }

  get [Symbol.toStringTag](): string {
    return 'MessageEvent'
  }
}

// WebIDL requires the attributes of an interface to be enumerable.
for (const name of ['data', 'origin', 'lastEventId', 'source', 'ports']) {
  Object.defineProperty(MessageEvent.prototype, name, { enumerable: true })
}

/** Creates the event of a message. A cheaper class, as on other platforms, is not needed here. */
export function createMessageEvent(
  type: string,
  message: Pick<MessageEventInit, 'data' | 'origin' | 'lastEventId'>,
): Event {
  const Class = globalThis.MessageEvent ?? (MessageEvent as unknown as typeof globalThis.MessageEvent)
  return new Class(type, message)
}
