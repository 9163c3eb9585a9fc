import { describe, expect, it, vi } from 'vitest'
import type { EventSourceInit } from '../src/options/event-source-init.ts'

import { settle, useFakeTimers } from './fake-timers.ts'
import { endAfterMessage, type Started, start } from './start-session.ts'

useFakeTimers()

const day = 86_400_000

describe('A session can be closed by a function of its policy', () => {
  type Create = (close: () => void) => EventSourceInit['retry']
  const policies: [string, Create][] = [
    [
      'a retry function',
      (close) => () => {
        close()
        return 1_000
      },
    ],
    [
      'a function for statuses',
      (close) => ({
        statuses: () => {
          close()
          return true
        },
      }),
    ],
  ]

  it.each(policies)('A session reports nothing after it was closed by %s', async (_, create) => {
    const started: Started = start({ retry: create(() => started.session.close()) })
    await settle()
    started.latest.respond(503)
    started.latest.end()
    await settle()
    expect(vi.getTimerCount()).toBe(0)
    await vi.advanceTimersByTimeAsync(day)
    expect(started.reports).toEqual([])
    expect(started.requests).toHaveLength(1)
  })
})

describe('A session retries after a 401 with fresh headers', () => {
  /** Answers every request with 401, and returns the number of requests. */
  async function countRequests(headers: EventSourceInit['headers']): Promise<number> {
    const started = start({ headers })
    for (let times = 0; times < 5 && !started.session.closed; times++) {
      await settle()
      started.latest.respond(401)
      started.latest.end()
      await settle()
    }
    expect(started.reports.at(-1)).toEqual(['fail', 'status'])
    return started.requests.length
  }

  it('A 401 fails if the headers are always the same', async () => {
    expect(await countRequests({ Authorization: 'Bearer expired' })).toBe(1)
  })

  it('A 401 is retried at once if a function makes fresh headers, and fails the second time in a row', async () => {
    expect(await countRequests(() => ({ Authorization: 'Bearer expired' }))).toBe(2)
  })

  it('A 401 is retried at once every time that the headers had worked before', async () => {
    const started = start({ headers: () => ({}), retry: { initialDelay: 1, jitter: 0 } })
    for (let times = 0; times < 3; times++) {
      await settle()
      started.latest.respond(401)
      started.latest.end()
      await settle()
      endAfterMessage(started.latest)
      await vi.advanceTimersByTimeAsync(1)
    }
    started.session.close()
    expect(started.requests).toHaveLength(7)
    expect(started.interruptions.map(({ reason, delay }) => [reason, delay])).toEqual(
      Array.from({ length: 3 }, () => [
        ['status', 0],
        ['ended', 1],
      ]).flat(),
    )
  })
})

describe('A session counts failures in a row', () => {
  /** Returns the delays after streams that were open for this time without a message. */
  async function delaysAfter(milliseconds: number, retry: EventSourceInit['retry']): Promise<unknown[]> {
    const started = start({ retry })
    await settle()
    for (let times = 0; times < 3; times++) {
      started.latest.respond()
      await vi.advanceTimersByTimeAsync(milliseconds)
      started.latest.end()
      await settle()
      started.session.reconnect()
      await settle()
    }
    started.session.close()
    return started.interruptions.map(({ delay }) => delay)
  }

  it('A response alone does not reset the count of failures', async () => {
    expect(await delaysAfter(9_999, { jitter: 0 })).toEqual([6_000, 12_000, 24_000])
    expect(await delaysAfter(99, { jitter: 0, resetAfter: 100 })).toEqual([6_000, 12_000, 24_000])
  })

  it('A stream that was open for resetAfter resets the count of failures', async () => {
    expect(await delaysAfter(10_000, { jitter: 0 })).toEqual([3_000, 3_000, 3_000])
    expect(await delaysAfter(100, { jitter: 0, resetAfter: 100 })).toEqual([3_000, 3_000, 3_000])
  })

  it('A response resets the count of failures if resetAfter is 0', async () => {
    expect(await delaysAfter(0, { jitter: 0, resetAfter: 0 })).toEqual([3_000, 3_000, 3_000])
  })

  it('A retry function receives the count of failures', async () => {
    const count = ({ failures }: { readonly failures: number }): number => failures
    expect(await delaysAfter(9_999, count)).toEqual([1, 2, 3])
    expect(await delaysAfter(10_000, count)).toEqual([0, 0, 0])
  })
})
