import type { Duplex } from 'node:stream'
import { createDecoders } from './content-coding.ts'

/** A source of bytes that can be paused: a response, or the last of its decoders. */
interface Source {
  pause(): unknown
  resume(): unknown
}

/** The consumer of the decoded bytes. */
interface Consumer {
  /** Takes a chunk. While a promise that it returns is pending, the source is paused. */
  bytes(chunk: Uint8Array): Promise<void> | undefined
  /** Called when the whole body was delivered, or with an error. */
  finish(error?: Error): void
}

/** A response body: decodes what arrives, delivers it, and pauses the source while the consumer lags. */
export class ResponseBody {
  readonly #codings: readonly string[]
  readonly #consumer: Consumer
  readonly #source: Source
  #decoders: Duplex[] | undefined
  /** The chunks that arrived while the consumer lagged. */
  #waiting: Uint8Array[] | undefined
  /** Whether the consumer lags: it has not taken the last chunk yet. */
  #isBehind = false
  /** Whether the last byte has arrived. */
  #hasEnded = false

  /** @param codings the content codings, the last one first: the order in which they are decoded */
  constructor(codings: readonly string[], consumer: Consumer, source: Source) {
    this.#codings = codings
    this.#consumer = consumer
    this.#source = source
  }

  write(chunk: Buffer): void {
    if (this.#codings.length) this.#decoders ??= this.#createDecoders(chunk[0] ?? 0)
    const first = this.#decoders?.[0]
    if (!first) this.#deliver(chunk)
    else if (!first.write(chunk)) this.#source.pause()
  }

  end(): void {
    const first = this.#decoders?.[0]
    if (first) first.end()
    else this.#end()
  }

  destroy(): void {
    this.#waiting = undefined
    for (const decoder of this.#decoders ?? []) decoder.destroy()
  }

  #createDecoders(firstByte: number): Duplex[] {
    const decoders = createDecoders(this.#codings, firstByte)
    for (const decoder of decoders) decoder.on('error', (error) => this.#consumer.finish(error))
    decoders[0]?.on('drain', () => this.#source.resume())
    decoders
      .at(-1)
      ?.on('data', (chunk) => this.#deliver(chunk))
      .on('end', () => this.#end())
    return decoders
  }

  /** The source of the decoded chunks: the response, or the last decoder. */
  get #last(): Source {
    return this.#decoders?.at(-1) ?? this.#source
  }

  #deliver(chunk: Uint8Array): void {
    if (this.#isBehind) {
      this.#waiting ??= []
      this.#waiting.push(chunk)
      return
    }
    const paused = this.#consumer.bytes(chunk)
    if (!paused) return
    this.#isBehind = true
    // Not at once: after every pause, undici would parse the rest of the same read again, which took a third of the time
    // in `npm run bench -- --workloads answer`.
    queueMicrotask(() => this.#isBehind && this.#last.pause())
    void paused.then(() => this.#resume())
  }

  #resume(): void {
    const waiting = this.#waiting
    this.#isBehind = false
    this.#waiting = undefined
    if (waiting) this.#deliver(Buffer.concat(waiting))
    if (this.#isBehind) return
    if (this.#hasEnded) this.#consumer.finish()
    else this.#last.resume()
  }

  #end(): void {
    this.#hasEnded = true
    if (!this.#isBehind) this.#consumer.finish()
  }
}
