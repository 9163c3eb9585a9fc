import { Readable, type Writable } from 'node:stream'
import { ContentLengthError } from './header-fields.ts'

/**
 * The maximum number of bytes of a body that are kept to be sent again. Few servers let a client send more before they read
 * the body or refuse the request.
 */
const maxKept = 262_144

export function isReadable(body: unknown): body is Readable {
  return typeof (body as Readable | null)?.pipe === 'function'
}

export interface UploadOptions {
  /** Called when the body fails, or is closed before its end. */
  onError(error: Error): void
  /** The number of bytes that were announced; undefined if none were. */
  readonly length?: number | undefined
  /** Whether what was sent is kept, so that the body can be taken back. */
  readonly isKept?: boolean
}

/** The upload of a request's body that is a stream. */
export class Upload {
  readonly #destination: Writable
  readonly #options: UploadOptions
  /** The body until it has ended. */
  #body: Readable | undefined
  /** The number of bytes that were read from the body. */
  #size = 0
  /** What was read from the body, if the body can be taken back. */
  #kept: (string | Uint8Array)[] | undefined

  /**
   * Sends the body, without `pipe` or `pipeline`: each of the two streams has to end with the other.
   * @throws Error if there is nothing to send any more
   */
  constructor(body: Readable, destination: Writable, options: UploadOptions) {
    if (body.destroyed || body.readableEnded) {
      throw body.errored ?? new Error('the request body was read or closed before it was sent')
    }
    this.#body = body
    this.#destination = destination
    this.#options = options
    this.#kept = options.isKept ? [] : undefined
    body
      .on('data', this.#send)
      .on('end', this.#finish)
      .on('error', options.onError)
      .on('close', this.#closed)
      // A body that was taken back is paused.
      .resume()
    destination.on('drain', () => this.#body?.resume())
  }

  readonly #send = (chunk: unknown): void => {
    const { length, onError } = this.#options
    if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) {
      onError(new TypeError(`the request body has a chunk of type ${typeof chunk}: it must be text or bytes`))
      return
    }
    this.#size += Buffer.byteLength(chunk)
    if (this.#size > maxKept) this.#kept = undefined
    this.#kept?.push(chunk)
    if (length !== undefined && this.#size > length) onError(new ContentLengthError())
    else if (!this.#destination.writable || !this.#destination.write(chunk)) this.#body?.pause()
  }

  readonly #finish = (): void => {
    const { length, onError } = this.#options
    this.#body = undefined
    if (length !== undefined && this.#size !== length) onError(new ContentLengthError())
    else this.#destination.end()
  }

  readonly #closed = (): void => {
    if (this.#body) this.#options.onError(new Error('the request body was closed before its end'))
  }

  /** Whether a part of the body is still to be sent. */
  get isUnderWay(): boolean {
    return this.#body !== undefined
  }

  /** Takes the body back, to send all of it again. Returns undefined if that is not possible, since too much was sent. */
  takeBack(): Readable | undefined {
    const kept = this.#kept
    const body = this.#body
    this.#kept = undefined
    if (!kept) return undefined
    this.#body = undefined
    if (!body) return Readable.from(kept)
    body
      .off('data', this.#send)
      .off('end', this.#finish)
      .off('error', this.#options.onError)
      .off('close', this.#closed)
      .pause()
    for (const chunk of kept.reverse()) body.unshift(chunk, body.readableEncoding ?? undefined)
    return body
  }

  /** Keeps nothing any more: the server has processed the request. */
  release(): void {
    this.#kept = undefined
  }

  /** Destroys the body, which ends with the request. */
  end(): void {
    const body = this.#body
    this.#body = undefined
    this.#kept = undefined
    body?.destroy()
  }
}
