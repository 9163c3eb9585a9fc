import type { Load } from './adapters.ts'

/** Reads a response to its end. */
export type Read = (url: string) => Promise<void>

/** An Event with what a message must have. */
class MessageLike extends Event {
  readonly data: string
  readonly origin = 'https://feed.example'
  readonly lastEventId: string

  constructor({ data, id = '' }: ParsedEvent) {
    super('message')
    this.data = data
    this.lastEventId = id
  }
}

interface ParsedEvent {
  readonly data: string
  readonly id?: string | undefined
}

/** Dispatches events to a listener that reads their data. */
export function createDispatch(): (event: ParsedEvent) => void {
  const target = new EventTarget()
  target.addEventListener('message', (event) => {
    if (typeof (event as MessageLike).data !== 'string') throw new TypeError('an event has no data')
  })
  return (event) => target.dispatchEvent(new MessageLike(event))
}

/** Reads the events of a response, whose bytes `readBytes` reads to their end. */
export async function readWithParser(
  readBytes: (url: string, handle: (chunk: Uint8Array) => void) => Promise<void>,
  load: Load,
  onEvent: (event: ParsedEvent) => void,
): Promise<Read> {
  const { createParser } = (await load('eventsource-parser')) as unknown as {
    createParser(options: object): { feed(text: string): void }
  }
  return (url) => {
    const decoder = new TextDecoder()
    const parser = createParser({ onEvent, maxBufferSize: Number.POSITIVE_INFINITY })
    return readBytes(url, (chunk) => parser.feed(decoder.decode(chunk, { stream: true })))
  }
}
