import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { IncomingHttpHeaders } from 'node:http'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Dispatcher } from 'undici'

/** Bytes of a body that came at one time. */
export interface Arrival {
  /** Milliseconds since the request was sent. */
  readonly at: number
  readonly bytes: Buffer
}

export interface ResponseHead {
  /** Milliseconds since the request was sent. */
  readonly at: number
  readonly status: number
  readonly headers: IncomingHttpHeaders
}

/**
 * What ended a recording: the end of the body, a failure, the end of the time, or that enough was recorded, be it that
 * nothing more was asked for, or that the body is larger than what is kept.
 */
export type RecordingEnd =
  | { readonly kind: 'ended' | 'time' | 'satisfied' | 'full' }
  | { readonly kind: 'failed'; readonly error: Error }

/** One request and what came back, undecoded, with the times at which it came. */
export interface Recording {
  /** Whether there was a connection for the request to be sent over. */
  readonly sent: boolean
  /** The time of day at which it was sent, in ms since 1970. */
  readonly date: number
  readonly httpVersion: '1.1' | '2' | undefined
  readonly head: ResponseHead | undefined
  readonly body: readonly Arrival[]
  readonly end: RecordingEnd
  /** Milliseconds since the request was sent; since it was asked for, if it was never sent. */
  readonly duration: number
}

export interface RecordedRequest {
  readonly url: URL
  readonly method: string
  readonly headers: Headers
  readonly body: Uint8Array | null
}

export interface RecordingOptions {
  readonly dispatcher: Dispatcher
  /** Milliseconds, those to connect included. */
  readonly time: number
  /** Asked when the head is there, and whenever bytes have come. */
  readonly isSatisfied?: (head: ResponseHead, arrival: Arrival | undefined) => boolean
}

/** As much of a body as is kept, in bytes: enough to judge by, and no burden for the machine. */
export const largestBody = 4 * 2 ** 20

/** Bytes that come within this many milliseconds of each other count as having come at one time. */
const resolution = 1

/** Makes one request and records the response. Whatever goes wrong is part of the recording: it is never rejected. */
export function record(request: RecordedRequest, options: RecordingOptions): Promise<Recording> {
  return new Promise((resolve) => {
    const recorder = new Recorder(request, options, resolve)
    recorder.start()
  })
}

class Recorder implements Dispatcher.DispatchHandler {
  readonly #request: RecordedRequest
  readonly #options: RecordingOptions
  readonly #resolve: (recording: Recording) => void
  readonly #body: { at: number; pieces: Buffer[] }[] = []
  #date = Date.now()
  #origin = performance.now()
  #size = 0
  #sent = false
  #httpVersion: Recording['httpVersion']
  #head: ResponseHead | undefined
  #controller: Dispatcher.DispatchController | undefined
  #timer: NodeJS.Timeout | undefined
  #ended = false

  constructor(request: RecordedRequest, options: RecordingOptions, resolve: (recording: Recording) => void) {
    this.#request = request
    this.#options = options
    this.#resolve = resolve
  }

  start(): void {
    const { url, method, headers, body } = this.#request
    this.#timer = setTimeout(() => this.#end({ kind: 'time' }), this.#options.time)
    try {
      this.#options.dispatcher.dispatch(
        {
          origin: url.origin,
          path: url.pathname + url.search,
          method,
          headers: Object.fromEntries(headers),
          body,
          // Otherwise a preflight waits for the stream to end where they share a connection of HTTP/2.
          idempotent: true,
          headersTimeout: 0,
          bodyTimeout: 0,
        },
        this,
      )
    } catch (error) {
      this.#end({ kind: 'failed', error: error as Error })
    }
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#ended) {
      controller.abort(new Error('The recording is over'))
      return
    }
    this.#sent = true
    this.#date = Date.now()
    this.#origin = performance.now()
    this.#readHttpVersion()
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    // Statuses below 200 announce the response that is to come.
    if (this.#ended || status < 200) return
    this.#head = { at: this.#now(), status, headers }
    if (this.#options.isSatisfied?.(this.#head, undefined)) this.#end({ kind: 'satisfied' })
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#ended || !this.#head) return
    const at = this.#now()
    const last = this.#body.at(-1)
    if (last && at - last.at < resolution) last.pieces.push(chunk)
    else this.#body.push({ at, pieces: [chunk] })
    this.#size += chunk.length
    if (this.#options.isSatisfied?.(this.#head, { at, bytes: chunk })) this.#end({ kind: 'satisfied' })
    else if (this.#size >= largestBody) this.#end({ kind: 'full' })
  }

  onResponseEnd(): void {
    this.#end({ kind: 'ended' })
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#end({ kind: 'failed', error })
  }

  /** A handler is not told it; but the socket is published at once after the start of the request. */
  #readHttpVersion(): void {
    const channel = 'undici:client:sendHeaders'
    const read = (message: unknown): void => {
      const { socket } = message as { readonly socket: Socket | TLSSocket }
      this.#httpVersion = 'alpnProtocol' in socket && socket.alpnProtocol === 'h2' ? '2' : '1.1'
      unsubscribe(channel, read)
    }
    subscribe(channel, read)
    queueMicrotask(() => unsubscribe(channel, read))
  }

  #now(): number {
    return performance.now() - this.#origin
  }

  #end(end: RecordingEnd): void {
    if (this.#ended) return
    this.#ended = true
    clearTimeout(this.#timer)
    this.#resolve({
      sent: this.#sent,
      date: this.#date,
      httpVersion: this.#httpVersion,
      head: this.#head,
      body: this.#body.map(({ at, pieces }) => ({ at, bytes: Buffer.concat(pieces) })),
      end,
      duration: this.#now(),
    })
    if (end.kind !== 'ended' && end.kind !== 'failed') this.#controller?.abort(new Error('The recording is over'))
  }
}
