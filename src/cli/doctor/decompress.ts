import { setImmediate as turn } from 'node:timers/promises'
import { createDecoders } from '../../node/content-coding.ts'
import { type Arrival, largestBody } from './recording.ts'

export interface Decompressed {
  readonly body: readonly Arrival[]
  /** Why not all of it could be decompressed. */
  readonly failure?: string | undefined
  /** Whether there is more of it than is kept. */
  readonly isCut?: boolean
}

/**
 * Undoes content codings arrival by arrival: what a compressor had let go of at a time counts as having come at that
 * time, and nothing else does.
 * @param codings those that clients know, the last one first
 */
export async function decompress(body: readonly Arrival[], codings: readonly string[]): Promise<Decompressed> {
  let decompressed: Decompressed = { body }
  for (const coding of codings) {
    const { body, failure, isCut = false } = await undo(decompressed.body, coding)
    decompressed = { body, failure: decompressed.failure ?? failure, isCut: decompressed.isCut || isCut }
  }
  return decompressed
}

async function undo(body: readonly Arrival[], coding: string): Promise<Decompressed> {
  const [decoder] = createDecoders([coding], body[0]?.bytes[0] ?? 0)
  if (!decoder) return { body }
  let failure: string | undefined
  let pieces: Buffer[] = []
  let size = 0
  decoder.on('data', (piece: Buffer) => {
    pieces.push(piece)
    size += piece.length
    // A few bytes can stand for very many.
    if (size >= largestBody) decoder.destroy()
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
    // What the write has brought forth is emitted only after it is through.
    await turn()
    if (pieces.length > 0) arrivals.push({ at, bytes: Buffer.concat(pieces) })
    pieces = []
    if (decoder.destroyed) break
  }
  decoder.destroy()
  return { body: arrivals, failure, isCut: size >= largestBody }
}
