import type { Duplex } from 'node:stream'
import { createDecoders } from './content-coding.ts'

/** What bytes come from, and what they come from is paused: a response, or the last of its decoders. */
interface Source {
  pause(): unknown
  resume(): unknown
}

/** Whom the bytes are for. */
interface Consumer {
  /** While a promise that it returns is pending, the source is paused. */
  bytes(chunk: Uint8Array): Promise<void> | undefined
  /** Called once all was handed on after the end, or with an error. */
  finish(error?: Error): void
}

/** Hands on what arrives, decoded, and pauses the source while the consumer is behind. */
export class Sink {
  readonly #codings: readonly string[]
  readonly #consumer: Consumer
  readonly #source: Source
  #decoders: Duplex[] | undefined
  /** What was read together with a chunk that the consumer has to take first. */
  #waiting: Uint8Array[] | undefined
  #isBehind = false
  #hasEnded = false

  /** @param codings the last one first, as they are undone */
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

  /** What the chunks come from: the source, or the last decoder. */
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
    // Not at once: undici would parse the rest of what was read together anew after every pause, which took a third of
    // the time in `npm run bench -- --workloads answer`.
    queueMicrotask(() => this.#isBehind && this.#last.pause())
    void paused.then(() => this.#goOn())
  }

  #goOn(): void {
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
