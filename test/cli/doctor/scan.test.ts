import { isUtf8 } from 'node:buffer'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeUtf8, interpret } from '../../../fixtures/streams/reference.ts'
import { firstInvalidByte, type Scan, scan } from '../../../src/cli/doctor/scan.ts'

const scanBytes = (...pieces: readonly Uint8Array[]): Scan =>
  scan(pieces.map((bytes, at) => ({ at, bytes: Buffer.from(bytes) })))
const scanText = (...pieces: readonly string[]): Scan => scanBytes(...pieces.map((piece) => Buffer.from(piece)))

/** What does not depend on how the bytes were cut. */
const content = ({ size, events, comments, retries, ignoredIds, unknownFields, invalidBytes }: Scan) => ({
  size,
  events: events.map(({ at, ...event }) => event),
  comments: comments.length,
  retries: { ...retries },
  ignoredIds: { ...ignoredIds },
  unknownFields: { ...unknownFields },
  invalidBytes: { ...invalidBytes },
})

/** Bytes of which event streams are made, whole and broken. */
const streamBytes = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '\n',
        '\r',
        '\r\n',
        ':',
        ' ',
        'data',
        'data: {',
        'event:',
        'id: 7',
        'retry: 9',
        'Data: 1',
        '\0',
        '\uFEFF',
        'é',
        '🦄',
        '\uFFFD',
      ),
      fc.uint8Array({ maxLength: 3 }),
    ),
    { maxLength: 40 },
  )
  .map((pieces) => Buffer.concat(pieces.map((piece) => Buffer.from(piece as string))))

function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((one, other) => one - other)
  return [0, ...sorted].map((place, index) => bytes.subarray(place, sorted[index] ?? bytes.length))
}

describe('any bytes', () => {
  test('say the same however they are cut', () => {
    fc.assert(
      fc.property(streamBytes, fc.array(fc.nat(), { maxLength: 10 }), (bytes, places) => {
        expect(content(scanBytes(...cut(bytes, places)))).toEqual(content(scanBytes(bytes)))
      }),
    )
  })

  test('hold the events that the standard finds in them', () => {
    fc.assert(
      fc.property(streamBytes, (bytes) => {
        const { events, comments } = interpret(bytes)
        const scanned = scanBytes(bytes)
        expect(scanned.events.map(({ type, data }) => ({ type, data }))).toEqual(
          events.map(({ type, data }) => ({ type, data })),
        )
        expect(scanned.comments.length).toBe(comments.length)
      }),
    )
  })

  test('are valid UTF-8 up to the first byte that is not', () => {
    fc.assert(
      fc.property(streamBytes, (bytes) => {
        const offset = firstInvalidByte(Buffer.concat([bytes, Buffer.from('\n')]))
        const isValid = Buffer.from(decodeUtf8(Buffer.concat([Buffer.from('\uFEFF'), bytes]))).equals(bytes)
        expect(offset === undefined).toBe(isValid)
        if (offset === undefined) return
        expect(isUtf8(bytes.subarray(0, offset))).toBe(true)
        const rest = bytes.subarray(offset)
        expect(decodeUtf8(rest).startsWith('\uFFFD')).toBe(true)
        expect(rest.subarray(0, 3).equals(Buffer.from('\uFFFD'))).toBe(false)
      }),
    )
  })
})

describe('places', () => {
  test('an event is at its first line, in bytes and in lines', () => {
    const { events } = scanText(': é\r\n\r\nid: 1\r\ndata: one\r\n\r\ndata: two\n\n')
    expect(events).toMatchObject([
      { offset: 8, line: 3, id: '1', data: 'one' },
      { offset: 28, line: 6, id: undefined, data: 'two' },
    ])
  })

  test('an event comes with the last byte of it', () => {
    expect(scanText('data: 1\n', 'data: 2\n', '\n').events).toMatchObject([{ at: 2, data: '1\n2' }])
  })

  test('a byte that is not UTF-8, after a byte order mark and other characters', () => {
    const { invalidBytes } = scanBytes(Buffer.from('\uFEFFdata: é'), Buffer.of(0xff, 10), Buffer.from(': \uFFFD\n'))
    expect(invalidBytes).toMatchObject({ first: [{ offset: 11, line: 1 }], count: 1 })
  })

  test('a character that is not complete yet is no mistake, and one that the line ends in is', () => {
    expect(scanBytes(Buffer.of(58, 0xf0, 0x9f)).invalidBytes.count).toBe(0)
    expect(scanBytes(Buffer.of(58, 0xf0, 0x9f, 10)).invalidBytes.first).toEqual([{ offset: 1, line: 1 }])
  })

  test('only the first few mistakes are kept, but all are counted', () => {
    const { unknownFields } = scanText('priority: 1\n'.repeat(1_000))
    expect(unknownFields.count).toBe(1_000)
    expect(unknownFields.first.map(({ line }) => line)).toEqual([1, 2, 3])
  })
})

describe('what a stream has come to when nothing more is there', () => {
  test.each([
    ['data: 1\n\n', 'between', false],
    ['id: 1\n', 'line end', false],
    ['data: 1\n', 'line end', true],
    ['data: 1', 'in line', true],
    ['data: 1\nid', 'in line', true],
    [': keep', 'in line', false],
    ['data: 1\r', 'line end', true],
  ] as const)('%j', (text, position, hasData) => {
    expect(scanText(text).rests).toEqual([{ at: 0, position, hasData }])
  })
})
