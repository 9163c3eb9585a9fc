import type { Readable, Writable } from 'node:stream'
import { ContentLengthError } from './header-fields.ts'

export function isReadable(body: unknown): body is Readable {
  return typeof (body as Readable | null)?.pipe === 'function'
}

/** The upload of a request's body that is a stream. */
export class Upload {
  /** The body until it has ended. */
  #body: Readable | undefined

  /**
   * Sends the body, without `pipe` or `pipeline`: each of the two streams has to end with the other.
   * @param onError called when the body fails, or is closed before its end
   * @param length the number of bytes that were announced; undefined if none were
   * @throws Error if the body was already read or closed
   */
  constructor(body: Readable, destination: Writable, onError: (error: Error) => void, length?: number) {
    if (body.destroyed || body.readableEnded) {
      throw body.errored ?? new Error('the request body was read or closed before it was sent')
    }
    this.#body = body
    let sent = 0
    body
      .on('data', (chunk: unknown) => {
        if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) {
          onError(new TypeError(`the request body has a chunk of type ${typeof chunk}: it must be text or bytes`))
          return
        }
        sent += Buffer.byteLength(chunk)
        if (length !== undefined && sent > length) onError(new ContentLengthError())
        else if (destination.writable && !destination.write(chunk)) body.pause()
      })
      .on('end', () => {
        this.#body = undefined
        if (length !== undefined && sent !== length) onError(new ContentLengthError())
        else destination.end()
      })
      .on('error', onError)
      .on('close', () => this.#body && onError(new Error('the request body was closed before its end')))
    destination.on('drain', () => body.resume())
  }

  /** Whether a part of the body is still to be sent. */
  get isUnderWay(): boolean {
    return this.#body !== undefined
  }

  /** Destroys the body, which ends with the request. */
  end(): void {
    const body = this.#body
    this.#body = undefined
    body?.destroy()
  }
}
