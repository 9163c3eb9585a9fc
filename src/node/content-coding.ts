import type { Duplex } from 'node:stream'
// The default export, since older versions of Node have no Zstandard: some bundlers import each name that is used.
import zlib from 'node:zlib'

const { createGunzip, createBrotliDecompress, createInflate, createInflateRaw } = zlib

/** The Zstandard decoder that Node has from 22.15 on, and that the types for Node 20 lack. */
const { createZstdDecompress } = zlib as { createZstdDecompress?(): Duplex }

/** The functions that create a decoder for each content coding; `deflate` depends on the first byte. */
const decoders = new Map<string, (firstByte: number) => Duplex>([
  ['gzip', () => createGunzip()],
  ['x-gzip', () => createGunzip()],
  // Servers use this name for two formats. The zlib format, which is the right one, has 8 in these bits.
  ['deflate', (firstByte) => ((firstByte & 15) === 8 ? createInflate() : createInflateRaw())],
  ['br', () => createBrotliDecompress()],
])
if (createZstdDecompress) decoders.set('zstd', createZstdDecompress)

/** The value of Accept-Encoding. */
export const acceptedCodings = [...decoders.keys()].filter((coding) => coding !== 'x-gzip').join(', ')

/** The maximum number of codings, so that a response cannot make the client create thousands of decoders. */
const maxCodings = 5

/**
 * The other codings of IANA's registry, and zstd in older versions of Node. Anything else that servers send in this header,
 * such as `none` or `utf-8`, is no coding: the body is passed on unchanged, as in browsers.
 */
const undecodable = /^(zstd|(x-)?compress|dcb|dcz|aes128gcm|exi|pack200-gzip)$/

/** The error of a response in a content coding that cannot be decoded. */
export class ContentCodingError extends Error {
  constructor(coding: string) {
    super(
      `the content coding of the response, ${coding}, cannot be decoded here: the server has to choose one of ${acceptedCodings}`,
    )
  }
}

/** One array for thousands of streams. */
const noCodings: readonly string[] = []

/**
 * The content codings of a response, the last one first. If one is unknown there are none, and the body is passed on
 * unchanged, as by `fetch`.
 * @throws ContentCodingError if one is known, but cannot be decoded. Deviation: browsers would parse the encoded bytes
 * @throws Error if there are more than five
 */
export function readCodings(contentEncoding: string | null): readonly string[] {
  if (contentEncoding === null) return noCodings
  const codings = contentEncoding
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((coding) => coding && coding !== 'identity')
    .reverse()
  if (codings.length > maxCodings) throw new Error(`${codings.length} content codings, more than ${maxCodings}`)
  if (codings.every((coding) => decoders.has(coding))) return codings
  const futile = codings.find((coding) => !decoders.has(coding) && undecodable.test(coding))
  if (futile) throw new ContentCodingError(futile)
  return noCodings
}

/** Changes the message of a decoder's error, which says nothing about the response. */
export function describeDecodingError(error: NodeJS.ErrnoException, coding: string): void {
  error.message =
    error.code === 'Z_BUF_ERROR'
      ? `the compressed response was cut off: it ended before the end of its ${coding} data`
      : `the compressed response cannot be decoded as ${coding}: ${error.message}`
}

/** The streams that decode a body: encoded bytes are written to the first, and decoded bytes are read from the last. */
export function createDecoders(codings: readonly string[], firstByte: number): Duplex[] {
  const streams = codings.flatMap((coding, index) => decoders.get(coding)?.(index === 0 ? firstByte : 8) ?? [])
  for (const [index, stream] of streams.entries()) {
    const next = streams[index + 1]
    if (next) stream.pipe(next)
  }
  return streams
}
