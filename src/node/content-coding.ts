import type { Duplex } from 'node:stream'
import * as zlib from 'node:zlib'

const { createGunzip, createBrotliDecompress, createInflate, createInflateRaw } = zlib

/** Node has it from 22.15 on, and its types for Node 20 do not know it. */
const { createZstdDecompress } = zlib as { createZstdDecompress?(): Duplex }

/** A decoder for each content coding, which may have to look at the first byte. */
const decoders = new Map<string, (firstByte: number) => Duplex>([
  ['gzip', () => createGunzip()],
  ['x-gzip', () => createGunzip()],
  // Servers call two formats by this name; in the first byte of the proper one these bits are 8.
  ['deflate', (firstByte) => ((firstByte & 15) === 8 ? createInflate() : createInflateRaw())],
  ['br', () => createBrotliDecompress()],
])
if (createZstdDecompress) decoders.set('zstd', createZstdDecompress)

/** The value of Accept-Encoding. */
export const acceptedCodings = [...decoders.keys()].filter((coding) => coding !== 'x-gzip').join(', ')

/** So that a response cannot ask for thousands of decoders. */
const maxCodings = 5

/**
 * The content codings of a response, the last one first, or none where one is unknown: such a body is passed on as it
 * is, as fetch has it.
 * @throws Error if there are more than five
 */
export function readCodings(contentEncoding: string | null): string[] {
  const codings = `${contentEncoding ?? ''}`
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean)
    .reverse()
  if (codings.length > maxCodings) throw new Error(`${codings.length} content codings, more than ${maxCodings}`)
  return codings.every((coding) => decoders.has(coding)) ? codings : []
}

/** Streams to undo codings with: what arrived is written to the first, and read from the last. */
export function createDecoders(codings: readonly string[], firstByte: number): Duplex[] {
  const streams = codings.flatMap((coding, index) => decoders.get(coding)?.(index === 0 ? firstByte : 8) ?? [])
  for (const [index, stream] of streams.entries()) {
    const next = streams[index + 1]
    if (next) stream.pipe(next)
  }
  return streams
}
