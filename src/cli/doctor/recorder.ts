import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher } from 'undici'
import type { ResponseController, ResponseHandler } from '../../node/connection.ts'
import {
  maxBodySize,
  type RecordedRequest,
  type Recording,
  type RecordingEnd,
  type RecordingOptions,
  type ResponseHead,
} from './recording.ts'

/** The time in ms within which bytes count as having arrived at one time. */
const resolution = 1

/** Sends one request and records the response. The promise never rejects: an error is part of the recording. */
export function record(request: RecordedRequest, options: RecordingOptions): Promise<Recording> {
  return new Promise((resolve) => {
    const recorder = new Recorder(request, options, resolve)
    recorder.start()
  })
}

/** The handler of one request, which turns the calls into a recording. */
class Recorder implements ResponseHandler {
  onOver?: ResponseHandler['onOver']
  readonly #request: RecordedRequest
  readonly #options: RecordingOptions
  readonly #resolve: (recording: Recording) => void
  readonly #body: { at: number; pieces: Buffer[] }[] = []
  /** The time of day at which the request was sent, in ms since 1970. */
  #date = Date.now()
  /** The time that all times of the recording are relative to. */
  #timeOrigin = performance.now()
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

  get isOver(): boolean {
    return this.#ended
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
          body: body && Buffer.from(body),
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
      controller.abort(new Error('The recording has ended'))
      return
    }
    this.#sent = true
    this.#date = Date.now()
    this.#timeOrigin = performance.now()
    // Behind a SOCKS proxy, requests go over undici, which does not tell.
    this.#httpVersion = (controller as Partial<ResponseController>).httpVersion ?? '1.1'
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    // An informational response precedes the final one.
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
    else if (this.#size >= maxBodySize) this.#end({ kind: 'full' })
  }

  onResponseEnd(): void {
    this.#end({ kind: 'ended' })
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#end({ kind: 'failed', error })
  }

  #now(): number {
    return performance.now() - this.#timeOrigin
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
    if (end.kind === 'ended' || end.kind === 'failed') return
    this.#controller?.abort(new Error('The recording has ended'))
    this.onOver?.(false)
  }
}
