import { once } from 'node:events'
import {
  type BrotliCompress,
  createBrotliCompress,
  createDeflate,
  createDeflateRaw,
  createGzip,
  gzipSync,
  type Zlib,
} from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decompress } from '../../../src/cli/doctor/decompress.ts'
import { type Arrival, maxBodySize } from '../../../src/cli/doctor/recording.ts'

type Compressor = (Zlib | BrotliCompress) & NodeJS.ReadWriteStream

const compressors: Readonly<Record<string, () => Compressor>> = {
  gzip: createGzip,
  deflate: createDeflate,
  'deflate without a header': createDeflateRaw,
  br: createBrotliCompress,
}

/** Compresses texts and flushes each one, as one arrival each. */
async function compress(compressor: Compressor, texts: readonly string[]): Promise<Arrival[]> {
  const arrivals: Arrival[] = []
  let pieces: Buffer[] = []
  compressor.on('data', (piece: Buffer) => pieces.push(piece))
  for (const [at, text] of texts.entries()) {
    compressor.write(text)
    await new Promise<void>((resolve) => compressor.flush(resolve))
    arrivals.push({ at, bytes: Buffer.concat(pieces) })
    pieces = []
  }
  compressor.end()
  await once(compressor, 'end')
  return arrivals
}

const readAll = (body: readonly Arrival[]): string => Buffer.concat(body.map(({ bytes }) => bytes)).toString()

describe.each(Object.entries(compressors))('The coding %s is decompressed', (name, create) => {
  const [coding = name] = name.split(' ')

  test('Text arrives at the time at which it was flushed', async () => {
    const texts = ['data: 1\n\n', 'data: 2\n\n'.repeat(10_000), 'data: é\n\n']
    const { body, failure } = await decompress(await compress(create(), texts), [coding])
    expect(failure).toBeUndefined()
    expect(body.map(({ at, bytes }) => [at, bytes.toString()])).toEqual([...texts.entries()])
  })

  test('Any text is decompressed completely, however its bytes are split', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ minLength: 1 }), { minLength: 1 }),
        fc.integer({ min: 1, max: 50 }),
        async (texts, size) => {
          const bytes = Buffer.concat((await compress(create(), texts)).map((arrival) => arrival.bytes))
          const split = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => ({
            at,
            bytes: bytes.subarray(at * size, (at + 1) * size),
          }))
          const { body, failure } = await decompress(split, [coding])
          expect(failure).toBeUndefined()
          expect(readAll(body)).toBe(Buffer.from(texts.join('')).toString())
        },
      ),
      { numRuns: 20 },
    )
  })
})

test('Two codings are undone, the last one first', async () => {
  const bytes = gzipSync(gzipSync('data: 1\n\n'))
  const { body, failure } = await decompress([{ at: 7, bytes }], ['gzip', 'gzip'])
  expect([readAll(body), body[0]?.at, failure]).toEqual(['data: 1\n\n', 7, undefined])
})

test('Uncompressed bytes after compressed ones are a failure', async () => {
  const bytes = gzipSync('data: 1\n\n')
  const { body, failure } = await decompress(
    [
      { at: 1, bytes: bytes.subarray(0, -8) },
      { at: 2, bytes: Buffer.from('data: 2\n\n') },
    ],
    ['gzip'],
  )
  expect(readAll(body)).toBe('data: 1\n\n')
  expect(failure).toBe('incorrect data check')
})

test.each([1, 1_000_000])('A decompression bomb is truncated, in pieces of %d bytes', async (size) => {
  const bytes = gzipSync(Buffer.alloc(20 * maxBodySize))
  const arrivals = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => ({
    at,
    bytes: bytes.subarray(at * size, (at + 1) * size),
  }))
  const { body, failure, isTruncated } = await decompress(arrivals, ['gzip'])
  expect([failure, isTruncated]).toEqual([undefined, true])
  expect(readAll(body).length).toBeLessThan(1.1 * maxBodySize)
})
