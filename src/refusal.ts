import { isEventStream } from './content-type.ts'
import type { ErrorCode } from './events.ts'
import type { TransportResponse } from './transport/transport.ts'

/** How much of the body of a refused response is kept, in bytes. */
const maxBodySize = 8_192

/** Why a response is refused, and the beginning of its body, which often tells more. */
export class Refusal {
  readonly code: ErrorCode
  readonly message: string
  /** The beginning of the body, decoded as UTF-8. */
  body = ''
  readonly #decode: (bytes: Uint8Array) => string
  #remaining = maxBodySize

  constructor(code: ErrorCode, message: string, decode: (bytes: Uint8Array) => string) {
    this.code = code
    this.message = message
    this.#decode = decode
  }

  /** Whether no more of the body is kept. */
  get isFull(): boolean {
    return this.#remaining <= 0
  }

  append(chunk: Uint8Array): void {
    this.body += this.#decode(chunk.subarray(0, this.#remaining))
    this.#remaining -= chunk.length
  }
}

/**
 * "Otherwise, if res's status is not 200, or if res's `Content-Type` is not `text/event-stream`, then fail the
 * connection."
 * @returns undefined if the response is an event stream
 */
export function findRefusal(
  { status, contentType }: TransportResponse,
  decode: (bytes: Uint8Array) => string,
): Refusal | undefined {
  if (status !== 200) return new Refusal('status', `status ${status}`, decode)
  if (isEventStream(contentType)) return undefined
  return new Refusal('content-type', `content-type: ${contentType}, not text/event-stream`, decode)
}
