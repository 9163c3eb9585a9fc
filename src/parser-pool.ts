import { createEventStreamParser as createParser, type ParserHandler } from './parser.ts'
import type { Decode } from './platform/platform.ts'

/*
 * Between two events, a parser knows nothing of its stream. A server with thousands of idle streams needs no parser for each
 * of them then: a parser takes more memory than everything else that a stream keeps between the transport and its user.
 */

const lineFeed = 0x0a

/** Whether bytes end with an empty line, and so with a complete block of an event stream. */
function endsBlock(bytes: Uint8Array): boolean {
  return bytes.at(-1) === lineFeed && bytes.at(-2) === lineFeed
}

/** A parser for one stream after another. */
class ReusableParser implements ParserHandler {
  readonly maxEventSize: number
  /** Whether the parser found an event that is too large, and takes nothing more. */
  isSpent = false
  readonly #feed: (bytes: Uint8Array) => void
  /** What the stream that is parsed now reports to, and its decoder. */
  #handler: ParserHandler | undefined
  #decode: Decode | undefined

  constructor(maxEventSize: number) {
    this.maxEventSize = maxEventSize
    this.#feed = createParser(this, maxEventSize, (bytes) => this.#decode?.(bytes) ?? '')
  }

  parse(bytes: Uint8Array, handler: ParserHandler, decode: Decode): void {
    this.#handler = handler
    this.#decode = decode
    this.#feed(bytes)
  }

  /** Forgets the stream. */
  release(): void {
    this.#handler = undefined
    this.#decode = undefined
  }

  id(id: string): void {
    this.#handler?.id(id)
  }

  message(type: string, data: string): void {
    this.#handler?.message(type, data)
  }

  reconnectionTime(milliseconds: number): void {
    this.#handler?.reconnectionTime(milliseconds)
  }

  tooLarge(): void {
    this.isSpent = true
    this.#handler?.tooLarge()
  }
}

/** A parser that parses no stream now. One is enough: bytes are parsed at once, so streams take turns. */
let free: ReusableParser | undefined

function takeParser(maxEventSize: number): ReusableParser {
  const parser = free
  if (!parser || parser.maxEventSize !== maxEventSize) return new ReusableParser(maxEventSize)
  free = undefined
  return parser
}

/** As {@link createParser}, with a parser that the stream has only within an event. */
export const createEventStreamParser: typeof createParser = (handler, maxEventSize, decode) => {
  // A parser has to know from its beginning whether comments are reported.
  if (handler.comment) return createParser(handler, maxEventSize, decode)
  let own: ReusableParser | undefined
  return (bytes) => {
    own ??= takeParser(maxEventSize)
    own.parse(bytes, handler, decode)
    if (!endsBlock(bytes) || own.isSpent) return
    own.release()
    free = own
    own = undefined
  }
}
