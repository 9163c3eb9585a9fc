import { isUtf8 } from 'node:buffer'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeUtf8, interpret } from '../../../fixtures/streams/reference.ts'
import { findInvalidByte } from '../../../src/cli/doctor/invalid-utf8.ts'
import { type StreamScan, scanStream } from '../../../src/cli/doctor/stream-scan.ts'

const scanBytes = (...pieces: readonly Uint8Array[]): StreamScan =>
  scanStream(pieces.map((bytes, at) => ({ at, bytes: Buffer.from(bytes) })))
const scanText = (...pieces: readonly string[]): StreamScan => scanBytes(...pieces.map((piece) => Buffer.from(piece)))

/** Returns the parts of a scan that do not depend on how the bytes were split. */
const content = ({
  size,
  events,
  comments,
  retries,
  ignoredIds,
  unknownFields,
  lostNames,
  lastEventEnd,
  invalidBytes,
}: StreamScan) => ({
  lastEventEnd,
  lostNames: { ...lostNames },
  size,
  events: events.map(({ at, ...event }) => event),
  comments: comments.length,
  retries: { ...retries },
  ignoredIds: { ...ignoredIds },
  unknownFields: { ...unknownFields },
  invalidBytes: { ...invalidBytes },
})

/** The bytes of valid and invalid event streams. */
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

function split(bytes: Buffer, offsets: readonly number[]): Buffer[] {
  const sorted = [...new Set(offsets.map((offset) => offset % (bytes.length + 1)))].sort((one, other) => one - other)
  return [0, ...sorted].map((offset, index) => bytes.subarray(offset, sorted[index] ?? bytes.length))
}

describe('Any bytes can be scanned', () => {
  test('The scan does not depend on how the bytes are split', () => {
    fc.assert(
      fc.property(streamBytes, fc.array(fc.nat(), { maxLength: 10 }), (bytes, offsets) => {
        expect(content(scanBytes(...split(bytes, offsets)))).toEqual(content(scanBytes(bytes)))
      }),
    )
  })

  test('The scan finds the same events as the standard', () => {
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

  test('The bytes before the first invalid byte are valid UTF-8', () => {
    fc.assert(
      fc.property(streamBytes, (bytes) => {
        const offset = findInvalidByte(Buffer.concat([bytes, Buffer.from('\n')]))
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

describe('The scan knows positions and times', () => {
  test('The position of an event is that of its first line', () => {
    const { events } = scanText(': é\r\n\r\nid: 1\r\ndata: one\r\n\r\ndata: two\n\n')
    expect(events).toMatchObject([
      { offset: 8, line: 3, id: '1', data: 'one' },
      { offset: 28, line: 6, id: undefined, data: 'two' },
    ])
  })

  test('An id in a block of its own belongs to the next event', () => {
    const { events, lastEventEnd } = scanText('id: 1\n\ndata: one\n\ndata: two\n\nid: 3\ndata: three\r\n\r\nid: 4\n\n')
    expect(events.map(({ id }) => id)).toEqual(['1', undefined, '3'])
    expect(lastEventEnd).toBe(50)
  })

  test('A name in a block of its own is lost, unless the next event has a name', () => {
    const { lostNames } = scanText('event: a\n\ndata: 1\n\nevent: b\n\nevent: c\ndata: 2\n\n')
    expect(lostNames.first).toEqual([{ name: 'event', value: 'a', offset: 0, line: 1 }])
  })

  test('An event arrives with its last byte', () => {
    expect(scanText('data: 1\n', 'data: 2\n', '\n').events).toMatchObject([{ at: 2, data: '1\n2' }])
  })

  test('The position of an invalid byte counts the byte order mark and multibyte characters', () => {
    const { invalidBytes } = scanBytes(Buffer.from('\uFEFFdata: é'), Buffer.of(0xff, 10), Buffer.from(': \uFFFD\n'))
    expect(invalidBytes).toMatchObject({ first: [{ offset: 11, line: 1 }], count: 1 })
  })

  test('An incomplete character is invalid only at the end of a line', () => {
    expect(scanBytes(Buffer.of(58, 0xf0, 0x9f)).invalidBytes.count).toBe(0)
    expect(scanBytes(Buffer.of(58, 0xf0, 0x9f, 10)).invalidBytes.first).toEqual([{ offset: 1, line: 1 }])
  })

  test('The first three mistakes are kept, and all are counted', () => {
    const { unknownFields } = scanText('priority: 1\n'.repeat(1_000))
    expect(unknownFields.count).toBe(1_000)
    expect(unknownFields.first.map(({ line }) => line)).toEqual([1, 2, 3])
  })
})

describe('The state after an arrival is known', () => {
  test.each([
    ['data: 1\n\n', 'event', false],
    ['id: 1\n', 'line', false],
    ['data: 1\n', 'line', true],
    ['data: 1', 'part of a line', true],
    ['data: 1\nid', 'part of a line', true],
    [': keep', 'part of a line', false],
    ['data: 1\r', 'line', true],
  ] as const)('The state after %j is known', (text, after, hasPendingData) => {
    expect(scanText(text).states).toEqual([{ at: 0, after, hasPendingData }])
  })
})
