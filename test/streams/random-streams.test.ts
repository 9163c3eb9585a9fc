import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { streams } from '../../fixtures/streams/index.ts'
import { bytesOf } from '../../fixtures/streams/notation.ts'
import { decodeUtf8, interpret } from '../../fixtures/streams/reference.ts'
import { interpretWithParser } from './interpret-with-parser.ts'

/** The parts of random streams: everything that the standard's text gives a meaning. */
const parts = [
  ['data', 'event', 'id', 'retry', 'data:', 'event:', 'id:', 'retry:', 'data: ', 'id: ', 'event: tick', 'retry: 10'],
  ['\n', '\r', '\r\n', '\n\n', '\r\r', '\r\n\r\n', ':', ': ', ' ', '\t', '\u0000'],
  ['dat', 'ids', 'Data', 'message', 'a', 'b c', '0', '1', '42', '-1', '1.5', '٣', 'é', '€', '🦄', 'ï»¿'],
  ['<EF BB BF>', '<EF>', '<BB>', '<BF>', '<C3>', '<A9>', '<E2 82>', '<AC>', '<F0 9F>', '<A6 84>', '<80>', '<FF>'],
  ['<C0 8A>', '<ED A0 80>', '<F4 90 80 80>', '<E2 80 A8>', '<C2 85>'],
].flat()

const randomStream = fc
  .array(fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...parts) }, { weight: 1, arbitrary: randomBytes() }), {
    maxLength: 60,
  })
  .map(bytesOf)

function randomBytes(): fc.Arbitrary<string> {
  return fc
    .uint8Array({ minLength: 1, maxLength: 4 })
    .map((bytes) => `<${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join(' ')}>`)
}

/** A stream with positions to split it at. Equal positions make empty chunks. */
const splitStream = randomStream.chain((bytes) =>
  fc.tuple(fc.constant(bytes), fc.array(fc.nat(bytes.length), { maxLength: 12 })),
)

function split(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const bounds = [0, ...places.toSorted((a, b) => a - b), bytes.length]
  return bounds.slice(1).map((end, index) => bytes.subarray(bounds[index], end))
}

describe('The reference interpreter agrees with the fixtures and the platform', () => {
  it.each(streams.map((stream) => [stream.name, stream] as const))('%s', (_, { chunks, expected }) => {
    expect(interpret(Buffer.concat(chunks))).toEqual(expected)
  })

  it('The reference interpreter decodes random bytes as TextDecoder does', () => {
    fc.assert(
      fc.property(fc.oneof(randomStream, fc.uint8Array({ maxLength: 40 })), (bytes) => {
        expect(decodeUtf8(bytes)).toBe(new TextDecoder().decode(bytes))
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('The parser agrees with the reference interpreter', () => {
  it('The parser agrees with the reference on random streams that are split anywhere', () => {
    fc.assert(
      fc.property(splitStream, ([bytes, places]) => {
        expect(interpretWithParser(split(bytes, places))).toEqual(interpret(bytes))
      }),
      { numRuns: 5_000 },
    )
  })

  it('The parser agrees with the reference on random streams that are split in two at every position', () => {
    fc.assert(
      fc.property(randomStream, (bytes) => {
        const expected = interpret(bytes)
        for (let place = 0; place <= bytes.length; place++) {
          expect(interpretWithParser(split(bytes, [place])), `split after byte ${place}`).toEqual(expected)
        }
      }),
      { numRuns: 200 },
    )
  })
})
