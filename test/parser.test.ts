import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createEventStreamParser, type ParserHandler } from '../src/parser.ts'
import { createDecoder } from '../src/platform/default.ts'

// The meaning of streams is tested in fixtures/streams and test/streams. This file tests what goes beyond the standard.

type Report = readonly [report: keyof ParserHandler, ...given: unknown[]]

function parse(pieces: readonly string[], maxEventSize: number, comment?: ParserHandler['comment']): Report[] {
  const reports: Report[] = []
  const feed = createEventStreamParser(
    {
      id: (id) => reports.push(['id', id]),
      message: (type, data) => reports.push(['message', type, data]),
      reconnectionTime: (milliseconds) => reports.push(['reconnectionTime', milliseconds]),
      tooLarge: () => reports.push(['tooLarge']),
      comment,
    },
    maxEventSize,
    createDecoder(),
  )
  for (const piece of pieces) {
    feed(new TextEncoder().encode(piece))
    // The user of the parser feeds nothing more.
    if (reports.some(([report]) => report === 'tooLarge')) break
  }
  return reports
}

const small = 20

describe('The parser limits the size of an event', () => {
  it.each([
    ['a line without end', ['data: ', 'x'.repeat(small)]],
    ['a line without end, a character at a time', Array.from(`data: ${'x'.repeat(small)}`)],
    ['many lines', Array.from({ length: small }, () => 'data: x\n')],
    ['many empty lines of data', ['data:\n'.repeat(small + 2)]],
    ['a complete line', [`data: ${'x'.repeat(small + 1)}\n`]],
    ['a line of another field', [`id: ${'x'.repeat(small)}`]],
  ])('An event that is too large is reported: %s', (_, pieces) => {
    expect(parse(pieces, small)).toEqual([['tooLarge']])
  })

  it('An event can be exactly as large as the limit', () => {
    const buffered = (count: number): Report[] => parse([`data: ${'x'.repeat(count - 'data: '.length)}`], small)
    expect(buffered(small)).toEqual([])
    expect(buffered(small + 1)).toEqual([['tooLarge']])
  })

  it('The limit is the same for an event that arrives complete in one chunk and needs no buffer', () => {
    const whole = (count: number): Report | undefined => parse([`data: ${'x'.repeat(count)}\n\n`], small)[0]
    expect(whole(small)).toEqual(['message', 'message', 'x'.repeat(small)])
    expect(whole(small + 1)).toEqual(['tooLarge'])
  })

  it('The limit counts the id, the name and the data of an event together', () => {
    const event = (id: number, name: number, data: number): string =>
      `id: ${'i'.repeat(id)}\nevent: ${'n'.repeat(name)}\ndata: ${'d'.repeat(data)}\n\n`
    const third = Math.floor(small / 3)
    const fitting = event(third, third, small - 2 * third)
    const tooLarge = event(third, third, small - 2 * third + 1)
    expect(parse([fitting], small).at(-1)?.[0]).toBe('message')
    expect(parse([tooLarge], small).at(-1)).toEqual(['tooLarge'])
    expect(parse(tooLarge.split(''), small).at(-1)).toEqual(['tooLarge'])
  })

  it('The limit counts characters and not bytes', () => {
    expect(parse([`data: ${'€'.repeat(small)}\n`, '\n'], small)).toEqual([['message', 'message', '€'.repeat(small)]])
    expect(parse([`data: ${'€'.repeat(small + 1)}\n`], small)).toEqual([['tooLarge']])
  })

  it('The events before one that is too large are reported, and nothing after it is', () => {
    const pieces = [`id: 1\ndata: a\n\ndata: ${'x'.repeat(small)}\ndata: y\n\nid: 2\ndata: b\n\nretry: 10\n`]
    expect(parse(pieces, small)).toEqual([['id', '1'], ['message', 'message', 'a'], ['tooLarge']])
  })

  it('An event that is too large is found wherever the stream is split', () => {
    const stream = `data: a\n\nid: 7\n${'data: xxxx\n'.repeat(small)}\ndata: b\n\n`
    for (let place = 0; place <= stream.length; place++) {
      const reports = parse([stream.slice(0, place), stream.slice(place)], small)
      expect(reports, `split after character ${place}`).toEqual([['message', 'message', 'a'], ['tooLarge']])
    }
  })

  it('Many small events never add up to one that is too large, wherever they are split', () => {
    const anyBlock = fc.constantFrom(
      'data: a\n\n',
      'data: aaaa\ndata: b\n\n',
      'id: 1\n\n',
      'event: e\ndata\n\n',
      'retry: 1\n',
    )
    fc.assert(
      fc.property(fc.array(anyBlock, { maxLength: 50 }), fc.integer({ min: 1, max: small }), (blocks, size) => {
        const stream = blocks.join('')
        const pieces = Array.from({ length: Math.ceil(stream.length / size) }, (_, index) =>
          stream.slice(index * size, (index + 1) * size),
        )
        const reports = parse(pieces, small)
        expect(reports).not.toContainEqual(['tooLarge'])
        const messages = reports.filter(([report]) => report === 'message')
        expect(messages).toHaveLength(blocks.filter((block) => block.includes('data')).length)
      }),
    )
  })
})

describe('The parser reports comments on request', () => {
  it('Every comment of the stream is reported', () => {
    const comments: string[] = []
    parse([':\n: one\n', 'data: a\n\n', ':t', 'wo\n:'], small, (comment) => comments.push(comment))
    expect(comments).toEqual(['', 'one', 'two'])
  })

  it('A comment of any length is skipped if nobody asks for comments', () => {
    const reports = parse([':', 'x'.repeat(10 * small), `${'x'.repeat(10 * small)}\ndata: a\n\n`], small)
    expect(reports).toEqual([['message', 'message', 'a']])
  })

  it('A comment without an end counts toward the limit if somebody asks for comments', () => {
    const comments: string[] = []
    const reports = parse([':', 'x'.repeat(small)], small, (comment) => comments.push(comment))
    expect(reports).toEqual([['tooLarge']])
    expect(comments).toEqual([])
  })
})

describe('The parser reports the reconnection time', () => {
  it('A reconnection time with more digits than a number can hold is reported as Infinity', () => {
    expect(parse([`retry: ${'9'.repeat(400)}\n`], 1_000)).toEqual([['reconnectionTime', Infinity]])
  })
})
