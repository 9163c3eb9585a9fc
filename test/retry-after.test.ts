import { describe, expect, it, vi } from 'vitest'
import { settle, useFakeTimers } from './fake-timers.ts'
import { interruptionOf, start } from './start-attempt.ts'

useFakeTimers()

describe('An attempt reads Retry-After', () => {
  const now = Date.UTC(2026, 0, 1)

  it.each([
    ['1', 1_000],
    ['120', 120_000],
    ['0', undefined],
    ['-1', undefined],
    ['', undefined],
    ['soon', undefined],
    ['Thu, 01 Jan 2026 00:00:30 GMT', 30_000],
    ['Wed, 31 Dec 2025 23:59:30 GMT', undefined],
    ['Thu, 01 Jan 2026 00:00:00 GMT', undefined],
    ['99999999999999', 99_999_999_999_999_000],
  ])('A Retry-After of %o asks for a delay of %s ms', async (value, milliseconds) => {
    vi.setSystemTime(now)
    const started = await start()
    started.latest.respond(503, { 'Retry-After': value })
    started.latest.end()
    await settle()
    expect(interruptionOf(started).retryAfter).toBe(milliseconds)
  })

  it('A response without Retry-After asks for no delay', async () => {
    const started = await start()
    started.latest.respond(503)
    started.latest.end()
    await settle()
    expect(interruptionOf(started).retryAfter).toBeUndefined()
  })
})
