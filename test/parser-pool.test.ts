import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { ParserHandler } from '../src/parser.ts'
import { createEventStreamParser } from '../src/parser.ts'
import { createEventStreamParser as createPooledParser } from '../src/parser-pool.ts'
import { createDecoder } from '../src/platform/default.ts'

type Report = readonly [report: string, ...given: unknown[]]

const ignore = (): void => {}

function handlerOf(reports: Report[], onMessage: () => void = ignore): ParserHandler {
  return {
    id: (id) => void reports.push(['id', id]),
    message(type, data) {
      reports.push(['message', type, data])
      onMessage()
    },
    reconnectionTime: (milliseconds) => void reports.push(['reconnectionTime', milliseconds]),
    tooLarge: () => void reports.push(['tooLarge']),
  }
}

const maxEventSize = 200
const line = fc.constantFrom(
  'data: a',
  'data: é',
  'data',
  'id: 1',
  'id',
  'event: e',
  'retry: 5',
  ': comment',
  'other',
  '',
  '',
)
const lineEnd = fc.constantFrom('\n', '\n', '\n', '\r', '\r\n')
const stream = fc
  .tuple(
    fc.array(fc.tuple(line, lineEnd), { maxLength: 20 }),
    fc.array(fc.nat({ max: 200 }), { maxLength: 8 }),
    fc.boolean(),
  )
  .map(([lines, cuts, hasLargeEvent]) => {
    const largeEvent = hasLargeEvent ? `data: ${'x'.repeat(maxEventSize)}\n\n` : ''
    const bytes = new TextEncoder().encode(lines.map((parts) => parts.join('')).join('') + largeEvent)
    const ends = [...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length]
    return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end))
  })

it('Streams whose chunks arrive in any order are interpreted as if each had a parser of its own', () => {
  fc.assert(
    fc.property(fc.array(stream, { minLength: 1, maxLength: 4 }), fc.array(fc.nat()), (streams, turns) => {
      const expected = streams.map((chunks) => {
        const reports: Report[] = []
        const parse = createEventStreamParser(handlerOf(reports), maxEventSize, createDecoder())
        // The user of a parser feeds nothing more after an event that is too large.
        for (const chunk of chunks) if (!reports.some(([report]) => report === 'tooLarge')) parse(chunk)
        return reports
      })
      const seen = streams.map((chunks) => {
        const reports: Report[] = []
        return {
          reports,
          parse: createPooledParser(handlerOf(reports), maxEventSize, createDecoder()),
          left: [...chunks],
        }
      })
      for (let turn = 0; seen.some(({ left }) => left.length); turn++) {
        const waiting = seen.filter(({ left }) => left.length)
        const next = waiting[(turns[turn] ?? turn) % waiting.length]
        const chunk = next?.left.shift()
        if (chunk && !next?.reports.some(([report]) => report === 'tooLarge')) next?.parse(chunk)
      }
      expect(seen.map(({ reports }) => reports)).toEqual(expected)
    }),
  )
})

it('A stream that arrives while a listener of another one runs does not mix with it', () => {
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
  const inner: Report[] = []
  const outer: Report[] = []
  const parseInner = createPooledParser(handlerOf(inner), maxEventSize, createDecoder())
  const handler = handlerOf(outer, () => parseInner(encode(`data: inner ${outer.length}\n\n`)))
  const parseOuter = createPooledParser(handler, maxEventSize, createDecoder())
  parseOuter(encode('data: 1\n\ndata: 2\n\n'))
  parseOuter(encode('data: 3\n\n'))
  expect(outer.map(([, , data]) => data)).toEqual(['1', '2', '3'])
  expect(inner.map(([, , data]) => data)).toEqual(['inner 1', 'inner 2', 'inner 3'])
})

it('A parser with a limit of its own, or with comments, is not one that another stream has left', () => {
  const bytes = new TextEncoder().encode(`: hello\ndata: ${'x'.repeat(50)}\n\n`)
  const reports: Report[] = []
  createPooledParser(handlerOf(reports), maxEventSize, createDecoder())(bytes)
  createPooledParser(handlerOf(reports), 10, createDecoder())(bytes)
  const comment = (text: string): void => void reports.push(['comment', text])
  createPooledParser({ ...handlerOf(reports), comment }, maxEventSize, createDecoder())(bytes)
  expect(reports.map(([report]) => report)).toEqual(['message', 'tooLarge', 'comment', 'message'])
})
