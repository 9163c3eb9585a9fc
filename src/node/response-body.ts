import type { Duplex } from 'node:stream'
import { nextMicrotask } from '../microtask.ts'
import { createDecoders, describeDecodingError } from './content-coding.ts'
import { endOfLongTurn } from './loop-turn.ts'
import { readRest } from './read-rest.ts'

/**
 * The maximum number of bytes that are delivered at once. Between two deliveries, a turn of the event loop that has taken
 * long can end: a read has up to 64 KiB, which may be 1,000 events.
 */
const maxDelivery = 8_192

/**
 * The maximum size of a chunk, in bytes, that is delivered together with what else arrives by the same read: a read may
 * have 1,000 chunks of one event each, whose delivery one by one takes a third of the CPU time of
 * `npm run bench -- --workloads answer`.
 */
const maxSmallChunk = 2_048

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

function concat(chunks: readonly Uint8Array[]): Uint8Array {
  const [first] = chunks
  return chunks.length === 1 && first ? first : Buffer.concat(chunks)
}

/**
 * A response body: decodes what arrives, delivers it, and pauses the source while the consumer lags, or until the next
 * turn of the event loop if the current one has taken long.
 */
export class ResponseBody {
  readonly #codings: readonly string[]
  readonly #consumer: Consumer
  readonly #source: Source
  #decoders: Duplex[] | undefined
  /** The small chunks that have arrived since the last microtask, and are delivered in the next one. */
  #arrived: Buffer[] | undefined
  /** The decoded chunks that were not delivered yet, since the consumer lags. */
  #waiting: Uint8Array[] | undefined
  /** Whether the next delivery has to wait for the consumer, or for the next turn of the event loop. */
  #isBehind = false
  /** Whether nothing more arrives: the last byte has arrived, or an error occurred. */
  #hasEnded = false
  /** The error that occurred, which is reported after the last delivery. */
  #error: Error | undefined
  #isDestroyed = false

  /** @param codings the content codings, the last one first: the order in which they are decoded */
  constructor(codings: readonly string[], consumer: Consumer, source: Source) {
    this.#codings = codings
    this.#consumer = consumer
    this.#source = source
  }

  write(chunk: Buffer): void {
    if (chunk.length > maxSmallChunk) {
      this.#flush()
      this.#write(chunk)
    } else if (this.#arrived) this.#arrived.push(chunk)
    else {
      this.#arrived = [chunk]
      void nextMicrotask().then(() => this.#flush())
    }
  }

  /** Ends the body with an error, after what has arrived before was delivered. */
  fail(error: Error): void {
    this.#flush()
    if (this.#hasEnded || this.#error) return
    this.#error = error
    const first = this.#decoders?.[0]
    if (first && !first.destroyed) first.end()
    else this.#end()
  }

  end(): void {
    this.#flush()
    const first = this.#decoders?.[0]
    if (first) first.end()
    else this.#end()
  }

  destroy(): void {
    this.#isDestroyed = true
    this.#arrived = undefined
    this.#waiting = undefined
    for (const decoder of this.#decoders ?? []) decoder.destroy()
  }

  #flush(): void {
    const arrived = this.#arrived
    this.#arrived = undefined
    if (arrived) this.#write(concat(arrived))
  }

  #write(chunk: Uint8Array): void {
    if (this.#error) return
    if (this.#codings.length) this.#decoders ??= this.#createDecoders(chunk[0] ?? 0)
    const first = this.#decoders?.[0]
    if (!first) this.#deliver(chunk)
    else if (!first.write(chunk)) this.#source.pause()
  }

  #createDecoders(firstByte: number): Duplex[] {
    const decoders = createDecoders(this.#codings, firstByte)
    for (const [index, decoder] of decoders.entries()) {
      decoder.on('error', (error) => {
        describeDecodingError(error, this.#codings[index] ?? '')
        this.#error ??= error
        const next = decoders[index + 1]
        if (next) next.end()
        else {
          readRest(decoder, (chunk) => this.#deliver(chunk))
          this.#end()
        }
      })
    }
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
    for (let start = 0; start < chunk.length && !this.#isDestroyed; ) {
      const turnEnd = endOfLongTurn()
      if (turnEnd) {
        this.#wait(turnEnd, chunk.subarray(start))
        return
      }
      const isWhole = chunk.length <= maxDelivery
      const part = isWhole ? chunk : chunk.subarray(start, start + maxDelivery)
      start += part.length
      const paused = this.#consumer.bytes(part)
      if (paused) {
        this.#wait(paused, chunk.subarray(start))
        return
      }
    }
  }

  /** Delivers nothing until a promise is fulfilled, and the rest of a chunk after that. */
  #wait(ready: Promise<void>, rest: Uint8Array): void {
    this.#isBehind = true
    this.#waiting = rest.length ? [rest] : undefined
    // The source is not paused at once: the end may be part of the same read, and undici would parse the rest of the
    // read again.
    void nextMicrotask().then(() => this.#isBehind && !this.#hasEnded && !this.#isDestroyed && this.#last.pause())
    void ready.then(() => this.#resume())
  }

  #resume(): void {
    const waiting = this.#waiting
    this.#isBehind = false
    this.#waiting = undefined
    if (waiting) this.#deliver(concat(waiting))
    if (this.#isBehind || this.#isDestroyed) return
    if (this.#hasEnded) this.#consumer.finish(this.#error)
    else this.#last.resume()
  }

  #end(): void {
    this.#hasEnded = true
    if (!this.#isBehind) this.#consumer.finish(this.#error)
  }
}
