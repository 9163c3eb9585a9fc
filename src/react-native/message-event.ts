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

// As WebIDL has the attributes of an interface.
for (const name of ['data', 'origin', 'lastEventId', 'source', 'ports']) {
  Object.defineProperty(MessageEvent.prototype, name, { enumerable: true })
}

/** React Native needs no class of its own for messages: constructing this one costs no more. */
export function createMessageEvent(
  type: string,
  message: Pick<MessageEventInit, 'data' | 'origin' | 'lastEventId'>,
): Event {
  const Class = globalThis.MessageEvent ?? (MessageEvent as unknown as typeof globalThis.MessageEvent)
  return new Class(type, message)
}
