import process from 'node:process'
import { describe, expect, it } from 'vitest'
import { itInRuntime } from '../../installed.ts'
import { startEndlessFeed } from './endless-feed.ts'
import { runtimes, smallNode } from './run-consumer.ts'

/** EVENT_STREAM_PACE=5 makes the consumer of a gigabyte take 5 ms for each event, 100 s in all. */
const pace = Number(process.env['EVENT_STREAM_PACE'] ?? 0)

const kibi = 1_024
const mebi = kibi * kibi
const bound = { timeout: 420_000 }

const connections = 20

describe('Leaving the loop after the first event of an endless feed closes the connection', () => {
  for (const runtime of runtimes) {
    itInRuntime(runtime, 'The connection closes within 100 ms', async () => {
      const feed = await startEndlessFeed({ eventSize: 100, pace: 10 })
      try {
        const { result } = await runtime.run('leaveAfterFirst', feed.origin, connections)
        expect(result).toBe(connections)
        expect(feed.millisecondsToClose).toHaveLength(connections)
        console.log(`${runtime.name}: closed after`, feed.millisecondsToClose.map(Math.ceil), 'ms')
        // A busy machine can delay some connections, but a connection that stays open would delay all.
        expect(Math.min(...feed.millisecondsToClose)).toBeLessThan(100)
      } finally {
        await feed.close()
      }
    })
  }
})

describe('A consumer that takes 5 ms for an event of 64 KiB holds the server back', () => {
  for (const runtime of runtimes) {
    itInRuntime(runtime, 'The server is ahead of a slow consumer by less than 32 MB', async () => {
      const feed = await startEndlessFeed({ eventSize: 64 * kibi })
      try {
        const { result } = await runtime.run('consumeSlowly', feed.origin, 400, 5)
        console.log(`${runtime.name}: at most ${(feed.maxHeldBack / mebi).toFixed(1)} MiB held back`)
        expect(result.events).toBe(400)
        expect(feed.maxHeldBack).toBeGreaterThan(0)
        expect(feed.maxHeldBack).toBeLessThan(32e6 + runtime.bufferedBytes)
      } finally {
        await feed.close()
      }
    })
  }
})

it('A gigabyte passes through a process that stays under 128 MB', bound, async () => {
  const feed = await startEndlessFeed({ eventSize: 64 * kibi })
  try {
    const events = (1_024 * mebi) / (64 * kibi)
    const { result, maxRSS } = await smallNode.run('consumeSlowly', feed.origin, events, pace)
    console.log(`Node: at most ${(maxRSS / kibi).toFixed(1)} MiB of memory`)
    expect(result).toEqual({ events, characters: events * (64 * kibi - 'data: \n\n'.length) })
    expect(maxRSS * kibi).toBeLessThan(128e6)
  } finally {
    await feed.close()
  }
})
