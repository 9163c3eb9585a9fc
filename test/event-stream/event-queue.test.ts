import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EventQueue } from '../../src/event-stream/event-queue.ts'
import type { ServerSentEvent } from '../../src/event-stream/event-stream.ts'
import { openEventStream } from '../../src/event-stream/open-event-stream.ts'
import type { ErrorDetails } from '../../src/events.ts'
import { nextData } from './consume.ts'
import { numberedEvents } from './planned-feed.ts'

const eventOf = (data: string): ServerSentEvent => ({ type: 'message', data, lastEventId: '', origin: '' })

describe('An event queue is bounded, first in, first out', () => {
  it('A queue returns each event once, in order, and is full from its high water mark on', () => {
    const operation = fc.oneof(fc.nat(20_000), fc.constant('shift'), fc.constant('clear'))
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.array(operation, { maxLength: 60 }),
        (highWaterMark, operations) => {
          const queue = new EventQueue(highWaterMark)
          const expected: ServerSentEvent[] = []
          for (const operation of operations) {
            if (operation === 'shift') {
              expect(queue.shift()).toBe(expected.shift())
            } else if (operation === 'clear') {
              queue.clear()
              expected.length = 0
            } else {
              const event = eventOf('x'.repeat(Number(operation)))
              queue.push(event)
              expected.push(event)
            }
            const size = expected.reduce((sum, { data }) => sum + 1 + Math.floor(data.length / 4_096), 0)
            expect(queue.isEmpty).toBe(expected.length === 0)
            expect(queue.isFull).toBe(size >= highWaterMark)
          }
        },
      ),
    )
  })

  it('A wait ends when an event is pushed, when there is room again, and at notify()', async () => {
    const queue = new EventQueue(2)
    const pushed = queue.changed()
    queue.push(eventOf('1'))
    await pushed
    queue.push(eventOf('2'))
    queue.push(eventOf('3'))
    let hasRoom = false
    const room = queue.changed().then(() => {
      hasRoom = true
    })
    queue.shift()
    await pause(0)
    expect(hasRoom).toBe(false)
    queue.shift()
    await room
    const notified = queue.changed()
    queue.notify()
    await notified
  })
})

/**
 * Answers with chunks that are made one at a time, when they are asked for. Over a network, a test could not tell how much
 * of the stream has been read.
 */
function chunksOf(text: (chunk: number) => string): { fetch: () => Promise<Response>; read: () => number } {
  let read = 0
  const fetch = async (): Promise<Response> => {
    const body = new ReadableStream<Uint8Array>(
      { pull: (controller) => controller.enqueue(new TextEncoder().encode(text(++read))) },
      { highWaterMark: 0 },
    )
    return new Response(body, { headers: { 'Content-Type': 'text/event-stream' } })
  }
  return { fetch, read: () => read }
}

describe('A stream reads no faster than its consumer', () => {
  it('A stream stops reading at highWaterMark events until the consumer takes one', async () => {
    const { fetch, read } = chunksOf((chunk) => `data: ${chunk}\n\n`)
    const stream = openEventStream('http://feed.example/', { fetch, highWaterMark: 3 })
    const iterator = stream[Symbol.asyncIterator]()
    await expect.poll(read).toBe(3)
    await pause(10)
    expect(read()).toBe(3)
    expect(await nextData(iterator)).toBe('1')
    await expect.poll(read).toBe(4)
    for (let number = 2; number <= 50; number++) expect(await nextData(iterator)).toBe(String(number))
    await expect.poll(read).toBe(53)
    stream.close()
  })

  it('A stream holds 64 events by default', async () => {
    const { fetch, read } = chunksOf((chunk) => `data: ${chunk}\n\n`)
    const stream = openEventStream('http://feed.example/', { fetch })
    await expect.poll(read).toBe(64)
    await pause(10)
    expect(read()).toBe(64)
    stream.close()
  })

  it('A large event counts as several', async () => {
    const { fetch, read } = chunksOf(() => `data: ${'x'.repeat(64 * 1_024)}\n\n`)
    const stream = openEventStream('http://feed.example/', { fetch })
    await expect.poll(read).toBe(4)
    await pause(10)
    expect(read()).toBe(4)
    stream.close()
  })

  it('A stream keeps all events of the chunk that exceeded highWaterMark', async () => {
    const { fetch, read } = chunksOf((chunk) => numberedEvents(chunk * 10 - 9, chunk * 10))
    const stream = openEventStream('http://feed.example/', { fetch, highWaterMark: 2 })
    await expect.poll(read).toBe(1)
    await pause(10)
    expect(read()).toBe(1)
    const received: string[] = []
    for await (const { data } of stream) {
      received.push(data)
      if (data === '30') break
    }
    expect(received).toEqual(Array.from({ length: 30 }, (_, index) => String(index + 1)))
  })

  it('The time that the consumer takes does not count as silence', async () => {
    // The feed is never silent: any silence is the consumer's.
    const { fetch } = chunksOf((chunk) => `data: ${chunk}\n\n`)
    const interruptions: ErrorDetails[] = []
    const received: string[] = []
    const stream = openEventStream('http://feed.example/', {
      fetch,
      highWaterMark: 1,
      idleTimeout: 100,
      onInterruption: (details) => interruptions.push(details),
    })
    for await (const { data } of stream) {
      received.push(data)
      if (data === '4') break
      // Meanwhile the next event waits in the buffer, and nothing is read.
      await pause(250)
      expect(interruptions).toEqual([])
    }
    expect(received).toEqual(['1', '2', '3', '4'])
  })

  it('The time that the consumer blocks the thread does not count as silence', async () => {
    // The server runs in a separate thread, so that it continues to send while this thread is blocked.
    const worker = new Worker(
      `const { createServer } = require('node:http')
      const server = createServer((_, response) => {
        response.writeHead(200, { 'Content-Type': 'text/event-stream' })
        const timer = setInterval(() => response.write('data: a\\n\\n'), 20)
        response.on('close', () => clearInterval(timer))
      })
      server.listen(0, '127.0.0.1', () => require('node:worker_threads').parentPort.postMessage(server.address().port))`,
      { eval: true },
    )
    const [port] = await once(worker, 'message')
    const interruptions: ErrorDetails[] = []
    let received = 0
    const onInterruption = (details: ErrorDetails): number => interruptions.push(details)
    const stream = openEventStream(`http://127.0.0.1:${port}/`, { idleTimeout: 2_000, onInterruption })
    for await (const _event of stream) {
      // This blocks the thread, as a long computation does.
      if (received < 2) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_500)
      // 200 events are more than the buffer holds, so some of them were read after the block.
      if (++received === 200) break
    }
    await worker.terminate()
    expect(interruptions).toEqual([])
  })

  it('Closing a stream cancels a paused response body, even if fetch ignores its signal', async () => {
    let cancelled = (): void => {}
    const cancellation = new Promise<void>((resolve) => {
      cancelled = resolve
    })
    const fetch = async (): Promise<Response> => {
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(new TextEncoder().encode('data: 1\n\n')),
        cancel: () => cancelled(),
      })
      return new Response(body, { headers: { 'Content-Type': 'text/event-stream' } })
    }
    const stream = openEventStream('http://feed.example/', { fetch, highWaterMark: 1 })
    await pause(10)
    stream.close()
    await cancellation
  })
})
