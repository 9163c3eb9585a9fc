import { setImmediate as nextTurn } from 'node:timers/promises'
import { createDecoders } from '../../node/content-coding.ts'
import { type Arrival, maxBodySize } from './recording.ts'

export interface Decompressed {
  readonly body: readonly Arrival[]
  /** Why the body could not be decompressed completely; undefined if it could. */
  readonly failure?: string | undefined
  /** Whether the body was larger than what is kept. */
  readonly isTruncated?: boolean
}

/**
 * Undoes content codings, arrival by arrival: the bytes that a compressor had flushed by some time arrive at that time,
 * and no others do.
 * @param codings supported codings, the last one first
 */
export async function decompress(body: readonly Arrival[], codings: readonly string[]): Promise<Decompressed> {
  let decompressed: Decompressed = { body }
  for (const coding of codings) {
    const { body, failure, isTruncated = false } = await undoCoding(decompressed.body, coding)
    decompressed = {
      body,
      failure: decompressed.failure ?? failure,
      isTruncated: decompressed.isTruncated || isTruncated,
    }
  }
  return decompressed
}

async function undoCoding(body: readonly Arrival[], coding: string): Promise<Decompressed> {
  const [decoder] = createDecoders([coding], body[0]?.bytes[0] ?? 0)
  if (!decoder) return { body }
  let failure: string | undefined
  let pieces: Buffer[] = []
  let size = 0
  decoder.on('data', (piece: Buffer) => {
    pieces.push(piece)
    size += piece.length
    // A few compressed bytes can expand to gigabytes.
    if (size >= maxBodySize) decoder.destroy()
  })
  decoder.on('error', (error) => {
    failure = error.message
  })
  const arrivals: Arrival[] = []
  for (const { at, bytes } of body) {
    await new Promise<void>((resolve) => {
      decoder.once('close', resolve)
      decoder.write(bytes, () => {
        decoder.off('close', resolve)
        resolve()
      })
    })
    // The decoder emits the output of a write after the callback of the write.
    await nextTurn()
    if (pieces.length > 0) arrivals.push({ at, bytes: Buffer.concat(pieces) })
    pieces = []
    if (decoder.destroyed) break
  }
  decoder.destroy()
  return { body: arrivals, failure, isTruncated: size >= maxBodySize }
}
