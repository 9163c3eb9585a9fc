import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findDeliveryDelay } from '../../../src/cli/doctor/delivery-delay.ts'
import { createObservation, type Piece, requestDate } from './synthetic.ts'

/** Creates the events of a server, with the times at which it sends them. */
function makeFeed(gaps: readonly number[], text: (at: number, number: number) => string): Piece[] {
  let at = 50
  return gaps.map((gap, index) => {
    at += gap
    return [at, text(at, index + 1)] as const
  })
}

/** Creates padding of different lengths, so that the ends of buffers and of events do not coincide. */
const padding = (number: number): string => 'x'.repeat(300 + ((number * 37) % 200))

/** The server's clock is 7 s ahead of the client's. */
const timestamped = (at: number, number: number): string => {
  const sent = new Date(requestDate + at + 7_000).toISOString()
  return `id: ${number}\ndata: {"number":${number},"sent":"${sent}","padding":"${padding(number)}"}\n\n`
}
const plain = (_: number, number: number): string => `data: ${number} ${padding(number)}\n\n`

/** Passes a feed through a proxy that sends its buffer when it is full. */
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

/** Passes a feed through a proxy, or a compressor, that sends its buffer every `period` ms. */
function throughTimer(feed: readonly Piece[], period: number): Piece[] {
  const passed = new Map<number, string>()
  for (const [at, text] of feed) {
    const due = Math.ceil(at / period) * period
    passed.set(due, (passed.get(due) ?? '') + text)
  }
  return [...passed]
}

/** Gaps in ms of similar length. */
const gaps = fc.integer({ min: 400, max: 2_000 }).chain((cadence) =>
  fc.array(
    fc.double({ min: 0.7, max: 1.4, noNaN: true }).map((factor) => factor * cadence),
    { minLength: 30, maxLength: 60 },
  ),
)

const eventText = fc.constantFrom(timestamped, plain)

describe('Events that arrive when they are sent pass', () => {
  test('Events at regular times are not late', () => {
    fc.assert(
      fc.property(gaps, eventText, (spaces, write) => {
        expect(findDeliveryDelay(createObservation(makeFeed(spaces, write)))).toBeUndefined()
      }),
    )
  })

  test('Events with timestamps are not late for certain, whatever their times', () => {
    const anyGaps = fc.array(fc.integer({ min: 0, max: 10_000 }), { maxLength: 40 })
    fc.assert(
      fc.property(anyGaps, (spaces) => {
        expect(findDeliveryDelay(createObservation(makeFeed(spaces, timestamped)))?.isCertain).not.toBe(true)
      }),
    )
  })

  test('Missed events that arrive at once are not late', () => {
    const missed = Array.from({ length: 20 }, (_, index) => timestamped(-60_000 + index * 1_000, index)).join('')
    const feed: Piece[] = [[20, missed], ...makeFeed(Array(10).fill(1_000), timestamped)]
    expect(findDeliveryDelay(createObservation(feed))).toBeUndefined()
    expect(
      findDeliveryDelay(
        createObservation([[4_000, missed]], { headers: { date: new Date(requestDate + 11_000).toUTCString() } }),
      ),
    ).toBeUndefined()
  })

  test('Events that arrive together within a short time are not late', () => {
    const feed = throughTimer(makeFeed(Array(500).fill(10), timestamped), 100)
    expect(findDeliveryDelay(createObservation(feed))).toBeUndefined()
  })

  test('Timestamps that are equal, or of something else, are no evidence', () => {
    const minutely = makeFeed(
      Array(60).fill(500),
      (at) => `data: {"minute":"${new Date(requestDate + at - (at % 60_000)).toISOString()}"}\n\n`,
    )
    expect(findDeliveryDelay(createObservation(minutely))).toBeUndefined()
    const ordered = makeFeed(
      Array(60).fill(500),
      (at, number) => `data: {"due":${requestDate + at + (number % 7) * 60_000}}\n\n`,
    )
    expect(findDeliveryDelay(createObservation(ordered))).toBeUndefined()
  })
})

describe('Events that are held back are found', () => {
  test('A buffer that is sent when it is full is found', () => {
    const sizes = fc.integer({ min: 1_000, max: 1_600 })
    fc.assert(
      fc.property(gaps, eventText, sizes, (spaces, write, size) => {
        const delay = findDeliveryDelay(createObservation(throughBuffer(makeFeed(spaces, write), size)))
        expect(delay).toMatchObject({ isCertain: true })
      }),
    )
  })

  test('Timestamps prove that events are passed on together', () => {
    fc.assert(
      fc.property(gaps, fc.integer({ min: 5, max: 10 }), (spaces, events) => {
        const feed = makeFeed(spaces, timestamped)
        const period = (events * (feed.at(-1)?.[0] ?? 0)) / feed.length
        const delay = findDeliveryDelay(createObservation(throughTimer(feed, period)))
        expect(delay).toEqual({ isCertain: true, message: expect.stringMatching(/^events arrive late and together/) })
      }),
    )
  })

  test.each([
    ['samples that a sensor sends each second', 'sampled_at', 200, 1_000, false],
    ['samples that a sensor sends every 10 s', 'measuredAt', 1_000, 10_000, false],
    ['regular batches of one second', 'time', 200, 1_000, false],
    ['batches of events that say when they were sent', 'sent', 200, 1_000, true],
    ['long batches', 'time', 1_000, 10_000, true],
  ] as const)('Whether a proxy delays %s is known from the name %s', (_, name, gap, period, isCertain) => {
    const write = (at: number): string => `data: {"${name}":"${new Date(requestDate + at).toISOString()}"}\n\n`
    const feed = throughTimer(makeFeed(Array(60).fill(gap), write), period)
    expect(findDeliveryDelay(createObservation(feed))).toEqual({
      isCertain,
      message: expect.stringMatching(/^events arrive late and together/),
    })
  })

  test('Bursts without timestamps may come from the server itself', () => {
    const feed = throughTimer(makeFeed(Array(40).fill(200), plain), 1_000)
    expect(findDeliveryDelay(createObservation(feed))).toEqual({
      isCertain: false,
      message: 'events arrive in bursts: 40 events in 9 bursts, up to 1 s apart',
    })
  })

  test('Events that all arrive at the end are found', () => {
    const feed = makeFeed(Array(10).fill(500), timestamped)
    const all = feed.map(([, text]) => text).join('')
    expect(findDeliveryDelay(createObservation([[5_100, all]], { headAt: 5_090 }))).toMatchObject({ isCertain: true })
  })

  test('A response head that arrives with the first event may come from the server itself', () => {
    expect(
      findDeliveryDelay(
        createObservation(
          [
            [4_010, plain(0, 1)],
            [9_000, plain(0, 2)],
          ],
          { headAt: 4_000 },
        ),
      ),
    ).toEqual({
      isCertain: false,
      message: 'nothing arrived for 4 s, then the response headers together with 1 event',
    })
  })

  test.each([
    ['a date', (date: number) => `data: ${new Date(date).toISOString()}\n\n`],
    ['milliseconds', (date: number) => `data: {"at": ${date}}\n\n`],
    ['seconds with a fraction', (date: number) => `data: {"at":${date / 1_000}}\n\n`],
    ['whole seconds', (date: number) => `data: {"id":17,"at":${Math.floor(date / 1_000)}}\n\n`],
    ['an id', (date: number) => `id: ${date}\ndata: x\n\n`],
    ['an id of a Redis stream', (date: number) => `id: ${date}-0\ndata: x\n\n`],
    [
      'among other dates',
      (date: number) => `data: {"born":"1999-12-31T00:00:00Z","now":"${new Date(date).toISOString()}"}\n\n`,
    ],
  ])('Timestamps are recognized as %s', (_, write) => {
    const feed = makeFeed(Array(24).fill(1_000), (at) => write(requestDate + Math.round(at)))
    expect(findDeliveryDelay(createObservation(feed))).toBeUndefined()
    expect(findDeliveryDelay(createObservation(throughTimer(feed, 8_000)))).toMatchObject({ isCertain: true })
  })
})
