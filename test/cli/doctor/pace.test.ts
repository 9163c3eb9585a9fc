import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findDelay } from '../../../src/cli/doctor/pace.ts'
import { makeUpObservation, type Piece, sentDate } from './made-up.ts'

/** Events as a server sends them: when, and with or without the time at which they were made. */
function makeFeed(gaps: readonly number[], text: (at: number, number: number) => string): Piece[] {
  let at = 50
  return gaps.map((gap, index) => {
    at += gap
    return [at, text(at, index + 1)] as const
  })
}

/** Of different lengths, so that no buffer ends where an event does for long. */
const fill = (number: number): string => 'x'.repeat(300 + ((number * 37) % 200))

// Another clock than the client's, by 7 s.
const dated = (at: number, number: number): string => {
  const sent = new Date(sentDate + at + 7_000).toISOString()
  return `id: ${number}\ndata: {"number":${number},"sent":"${sent}","filling":"${fill(number)}"}\n\n`
}
const undated = (_: number, number: number): string => `data: ${number} ${fill(number)}\n\n`

/** A proxy that passes on what it has when its buffer is full. */
function throughBuffer(feed: readonly Piece[], size: number): Piece[] {
  const passed: Piece[] = []
  let buffer = ''
  for (const [at, text] of feed) {
    buffer += text
    while (buffer.length >= size) {
      passed.push([at, buffer.slice(0, size)])
      buffer = buffer.slice(size)
    }
  }
  return passed
}

/** A proxy, or a compressor, that passes on all it has every so often, in ms. */
function collect(feed: readonly Piece[], period: number): Piece[] {
  const passed = new Map<number, string>()
  for (const [at, text] of feed) {
    const due = Math.ceil(at / period) * period
    passed.set(due, (passed.get(due) ?? '') + text)
  }
  return [...passed]
}

/** Gaps between events that are about even, whatever their length. */
const gaps = fc.integer({ min: 400, max: 2_000 }).chain((cadence) =>
  fc.array(
    fc.double({ min: 0.7, max: 1.4, noNaN: true }).map((factor) => factor * cadence),
    { minLength: 30, maxLength: 60 },
  ),
)

const text = fc.constantFrom(dated, undated)

describe('events that come when they are sent', () => {
  test('at about even times', () => {
    fc.assert(
      fc.property(gaps, text, (spaces, write) => {
        expect(findDelay(makeUpObservation(makeFeed(spaces, write)))).toBeUndefined()
      }),
    )
  })

  test('at any time, as they say', () => {
    const anyGaps = fc.array(fc.integer({ min: 0, max: 10_000 }), { maxLength: 40 })
    fc.assert(
      fc.property(anyGaps, (spaces) => {
        expect(findDelay(makeUpObservation(makeFeed(spaces, dated)))?.isCertain).not.toBe(true)
      }),
    )
  })

  test('after those that were missed, which come at once', () => {
    const missed = Array.from({ length: 20 }, (_, index) => dated(-60_000 + index * 1_000, index)).join('')
    const feed: Piece[] = [[20, missed], ...makeFeed(Array(10).fill(1_000), dated)]
    expect(findDelay(makeUpObservation(feed))).toBeUndefined()
    expect(
      findDelay(makeUpObservation([[4_000, missed]], { headers: { date: new Date(sentDate + 11_000).toUTCString() } })),
    ).toBeUndefined()
  })

  test('many at a time, so quickly that nobody would notice', () => {
    const feed = collect(makeFeed(Array(500).fill(10), dated), 100)
    expect(findDelay(makeUpObservation(feed))).toBeUndefined()
  })

  test('and that name the same time, or others that are not theirs', () => {
    const minutely = makeFeed(
      Array(60).fill(500),
      (at) => `data: {"minute":"${new Date(sentDate + at - (at % 60_000)).toISOString()}"}\n\n`,
    )
    expect(findDelay(makeUpObservation(minutely))).toBeUndefined()
    const ordered = makeFeed(
      Array(60).fill(500),
      (at, number) => `data: {"due":${sentDate + at + (number % 7) * 60_000}}\n\n`,
    )
    expect(findDelay(makeUpObservation(ordered))).toBeUndefined()
  })
})

describe('events that are held back', () => {
  test('by a buffer, until it is full', () => {
    const sizes = fc.integer({ min: 1_000, max: 1_600 })
    fc.assert(
      fc.property(gaps, text, sizes, (spaces, write, size) => {
        const delay = findDelay(makeUpObservation(throughBuffer(makeFeed(spaces, write), size)))
        expect(delay).toMatchObject({ isCertain: true })
      }),
    )
  })

  test('until they are passed on together, as their own times show', () => {
    fc.assert(
      fc.property(gaps, fc.integer({ min: 5, max: 10 }), (spaces, events) => {
        const feed = makeFeed(spaces, dated)
        const period = (events * (feed.at(-1)?.[0] ?? 0)) / feed.length
        const delay = findDelay(makeUpObservation(collect(feed, period)))
        expect(delay).toEqual({ isCertain: true, seen: expect.stringMatching(/^events come late and together/) })
      }),
    )
  })

  test('until they are passed on together, which the server may do itself where nothing tells', () => {
    const feed = collect(makeFeed(Array(40).fill(200), undated), 1_000)
    expect(findDelay(makeUpObservation(feed))).toEqual({
      isCertain: false,
      seen: 'events come in clumps: 40 events in 9 moments, up to 1 s apart',
    })
  })

  test('all of them, until the end', () => {
    const feed = makeFeed(Array(10).fill(500), dated)
    const all = feed.map(([, text]) => text).join('')
    expect(findDelay(makeUpObservation([[5_100, all]], { headAt: 5_090 }))).toMatchObject({ isCertain: true })
  })

  test('with the head of the response', () => {
    expect(
      findDelay(
        makeUpObservation(
          [
            [4_010, undated(0, 1)],
            [9_000, undated(0, 2)],
          ],
          { headAt: 4_000 },
        ),
      ),
    ).toEqual({
      isCertain: false,
      seen: 'nothing came for 4 s, and then the head together with 1 event',
    })
  })

  test.each([
    ['a date', (date: number) => `data: ${new Date(date).toISOString()}\n\n`],
    ['milliseconds', (date: number) => `data: {"at": ${date}}\n\n`],
    ['seconds with a fraction', (date: number) => `data: {"at":${date / 1_000}}\n\n`],
    ['whole seconds', (date: number) => `data: {"id":17,"at":${Math.floor(date / 1_000)}}\n\n`],
    ['an id', (date: number) => `id: ${date}\ndata: x\n\n`],
    ['an id of Redis', (date: number) => `id: ${date}-0\ndata: x\n\n`],
    [
      'among other dates',
      (date: number) => `data: {"born":"1999-12-31T00:00:00Z","now":"${new Date(date).toISOString()}"}\n\n`,
    ],
  ])('their own time being %s', (_, write) => {
    const feed = makeFeed(Array(24).fill(1_000), (at) => write(sentDate + Math.round(at)))
    expect(findDelay(makeUpObservation(feed))).toBeUndefined()
    expect(findDelay(makeUpObservation(collect(feed, 8_000)))).toMatchObject({ isCertain: true })
  })
})
