import { describe, expect, it } from 'vitest'
import { streams } from '../../fixtures/streams/index.ts'
import { interpretWithParser } from './interpret-with-parser.ts'

/** Longer streams are not split at every position, which would take too long: they only test lengths. */
const shortStream = 1_000

describe.each(streams.map((stream) => [stream.name, stream] as const))('%s', (_, { chunks, expected }) => {
  const bytes = Buffer.concat(chunks)

  it('The parser yields the expected events in the original chunks', () => {
    expect(interpretWithParser(chunks)).toEqual(expected)
  })

  it('The parser yields the expected events in one chunk', () => {
    expect(interpretWithParser([bytes])).toEqual(expected)
  })

  if (bytes.length > shortStream) {
    it.each([7, 1_021])('The parser yields the expected events in chunks of %i bytes', (size) => {
      expect(interpretWithParser(pieces(bytes, size))).toEqual(expected)
    })
    return
  }

  it('The parser yields the expected events one byte at a time', () => {
    expect(interpretWithParser(pieces(bytes, 1))).toEqual(expected)
  })

  it('The parser yields the expected events split in two at every position', () => {
    for (let place = 0; place <= bytes.length; place++) {
      const split = [bytes.subarray(0, place), bytes.subarray(place)]
      expect(interpretWithParser(split), `split after byte ${place}`).toEqual(expected)
    }
  })
})

function* pieces(bytes: Uint8Array, size: number): Iterable<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size)
}
