import { setTimeout as pause } from 'node:timers/promises'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { StandardSchema } from '../../src/event-stream/decoder.ts'
import { EventStreamError } from '../../src/event-stream/event-stream-error.ts'
import { openEventStream } from '../../src/event-stream/open-event-stream.ts'
import { endedStream, stream as endlessStream } from '../conformance/answers.ts'
import { collect, nextData, rejectionOf } from './consume.ts'
import { numberedEvents, useFeedServer } from './planned-feed.ts'

const feedServer = useFeedServer()

describe('A decoder turns the data into what the consumer receives', () => {
  const price = { price: 1.5 }
  const body = `data: ${JSON.stringify(price)}\n\n`
  const wrong = 'id: 7\ndata: {"price":"high"}\n\n'

  it('A decoder can be a plain or an async function', async () => {
    for (const decode of [(data: string) => data.length, async (data: string) => data.length]) {
      const feed = await feedServer.plan(endedStream('data: 12345\n\ndata: 1\n\n'))
      expect(await collect(openEventStream(feed.url, { decode, reconnectOnEnd: false }))).toEqual([5, 1])
    }
  })

  it('Decoding changes only the data of an event', async () => {
    const feed = await feedServer.plan(endlessStream('id: 1\nevent: tick\ndata: [1]\n\n'))
    for await (const event of openEventStream(feed.url, { decode: JSON.parse })) {
      expect(event).toEqual({ type: 'tick', data: [1], lastEventId: '1', origin: feedServer.origin })
      break
    }
  })

  it('Events are decoded one at a time and delivered in order, however long a decoder takes', async () => {
    let running = 0
    const decode = async (data: string): Promise<string> => {
      expect(++running).toBe(1)
      await pause(data === '1' ? 20 : 0)
      running--
      return data
    }
    const feed = await feedServer.plan(endlessStream(numberedEvents(1, 4)))
    const iterator = openEventStream(feed.url, { decode })[Symbol.asyncIterator]()
    const results = await Promise.all([iterator.next(), iterator.next(), iterator.next(), iterator.next()])
    expect(results.map(({ value }) => value?.data)).toEqual(['1', '2', '3', '4'])
    await iterator.return()
  })

  type Price = typeof price
  type Validate = StandardSchema<Price>['~standard']['validate']
  const own = (validate: Validate): StandardSchema<Price> => ({ '~standard': { validate } })
  const validatePrice: Validate = (value) =>
    typeof (value as Price).price === 'number' ? { value: value as Price } : { issues: [{ message: 'not a number' }] }
  const ownSchema = own(validatePrice)
  const asyncSchema = own(async (value) => {
    await pause(1)
    return validatePrice(value)
  })
  const callableSchema = Object.assign(() => 'called', ownSchema)

  describe.each<[name: string, schema: StandardSchema<Price>]>([
    ['zod', z.object({ price: z.number() })],
    ['zod, async', z.object({ price: z.number().refine(async (value) => value > 0) })],
    ['valibot', v.object({ price: v.number() })],
    [
      'valibot, async',
      v.pipeAsync(
        v.object({ price: v.number() }),
        v.checkAsync(async () => true),
      ),
    ],
    ['a schema of our own', ownSchema],
    ['an async schema of our own', asyncSchema],
    ['a schema that is a function, too', callableSchema],
  ])('A decoder can be a Standard Schema: %s', (_name, decode) => {
    it('The schema gets the result of JSON.parse', async () => {
      const feed = await feedServer.plan(endlessStream(body))
      const stream = openEventStream(feed.url, { decode })
      expect(await nextData(stream[Symbol.asyncIterator]())).toEqual(price)
      stream.close()
    })

    it('The iteration throws the issues that the schema finds', async () => {
      const feed = await feedServer.plan(endlessStream(body, wrong, body))
      const stream = openEventStream(feed.url, { decode })
      const iterator = stream[Symbol.asyncIterator]()
      expect(await nextData(iterator)).toEqual(price)
      const error = await rejectionOf(iterator.next())
      expect(error).toBeInstanceOf(EventStreamError)
      expect(error).toMatchObject({ reason: 'decode', data: '{"price":"high"}', lastEventId: '7' })
      const { message, issues } = error.cause as Error & { issues: { message: string }[] }
      expect(issues.map((issue) => issue.message)).toContain(message)
      expect(error.message).toContain(message)
      expect(await feed.requests({ over: 1 })).toMatchObject([{ cutByClient: true }])
    })

    it('Data that is not JSON fails before the schema is called', async () => {
      const feed = await feedServer.plan(endlessStream('data: {"price":\n\n'))
      const error = await rejectionOf(collect(openEventStream(feed.url, { decode })))
      expect(error).toMatchObject({ reason: 'decode', data: '{"price":', cause: expect.any(SyntaxError) })
    })
  })

  it('The cause of the error is what the function throws or rejects with', async () => {
    const cause = new Error('odd')
    const failing = (): never => {
      throw cause
    }
    for (const decode of [failing, async () => failing()]) {
      const feed = await feedServer.plan(endlessStream('data: 1\n\n'))
      const error = await rejectionOf(collect(openEventStream(feed.url, { decode })))
      expect(error).toMatchObject({ reason: 'decode', cause, data: '1', lastEventId: '' })
      expect(error.message).toContain('odd')
    }
  })

  it('The error keeps the first 8,192 characters of the data', async () => {
    const feed = await feedServer.plan(endlessStream('data: ', { text: 'x', times: 10_000 }, '\n\n'))
    const { data } = await rejectionOf(collect(openEventStream(feed.url, { decode: JSON.parse })))
    expect(data).toBe('x'.repeat(8_192))
  })

  it('With onDecodeError "skip" the stream skips an event that cannot be decoded, and calls onSkip', async () => {
    const feed = await feedServer.plan(endlessStream('data: 1\n\nid: 7\ndata: {\n\nid: 8\ndata: {{\n\ndata: 2\n\n'))
    const skipped: EventStreamError[] = []
    const stream = openEventStream(feed.url, {
      decode: JSON.parse,
      onDecodeError: 'skip',
      onSkip: (error) => skipped.push(error),
    })
    const received: number[] = []
    for await (const { data } of stream) {
      received.push(data)
      if (data === 2) break
    }
    expect(received).toEqual([1, 2])
    expect(skipped).toMatchObject([
      { reason: 'decode', data: '{', lastEventId: '7' },
      { reason: 'decode', data: '{{', lastEventId: '8' },
    ])
    expect(skipped.every((error) => error instanceof EventStreamError)).toBe(true)
  })

  it('lastEventId is that of a skipped event', async () => {
    const feed = await feedServer.plan(endlessStream('id: 1\ndata: 1\n\nid: 2\ndata: {\n\n'))
    let skipped = (): void => {}
    const skip = new Promise<void>((resolve) => {
      skipped = resolve
    })
    const stream = openEventStream(feed.url, { decode: JSON.parse, onDecodeError: 'skip', onSkip: () => skipped() })
    const iterator = stream[Symbol.asyncIterator]()
    await iterator.next()
    void iterator.next()
    await skip
    expect(stream.lastEventId).toBe('2')
    stream.close()
  })
})
