import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { Deadline } from '../src/deadline.ts'
import { settle, useFakeTimers } from './fake-timers.ts'
import { interruptionOf, start } from './start-attempt.ts'

useFakeTimers()

describe('openTimeout limits the time until the response', () => {
  const init = { openTimeout: 2_000 }

  it('openTimeout ends an attempt without a response exactly when it expires', async () => {
    const started = await start({ init })
    await vi.advanceTimersByTimeAsync(1_999)
    expect(started.outcome).toBeUndefined()
    await vi.advanceTimersByTimeAsync(1)
    expect(started.outcome).toMatchObject({ kind: 'lost', reason: 'timeout', status: undefined })
    expect(interruptionOf(started).message).toBe('no response headers within openTimeout (2000 ms)')
    expect(started.latest.isOpen).toBe(false)
  })

  it('openTimeout includes the time that functions take, after which nothing is sent', async () => {
    let finish = (): void => {}
    const body = (): Promise<string> =>
      new Promise((resolve) => {
        finish = () => resolve('a')
      })
    const started = await start({ init: { ...init, method: 'POST', body } })
    await vi.advanceTimersByTimeAsync(2_000)
    expect(started.outcome).toMatchObject({ kind: 'lost', reason: 'timeout' })
    finish()
    await settle()
    expect(started.requests).toHaveLength(0)
  })

  it('openTimeout ends with any response', async () => {
    for (const status of [200, 500]) {
      const started = await start({ init })
      await vi.advanceTimersByTimeAsync(1_999)
      started.latest.respond(status)
      await vi.advanceTimersByTimeAsync(400)
      expect(started.outcome).toBeUndefined()
      started.attempt.abort()
    }
  })

  it('A timeout of 0 starts no timer', async () => {
    const started = await start({ init: { openTimeout: 0, idleTimeout: 0 } })
    expect(vi.getTimerCount()).toBe(0)
    started.latest.respond()
    started.latest.send('data: a\n\n')
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('idleTimeout limits the silence of an open stream', () => {
  const init = { idleTimeout: 2_000 }

  it('idleTimeout does not run before the response', async () => {
    const started = await start({ init })
    await vi.advanceTimersByTimeAsync(100_000)
    expect(started.outcome).toBeUndefined()
  })

  it('idleTimeout ends an open stream exactly when it has been silent for that long', async () => {
    const started = await start({ init })
    started.latest.respond()
    await vi.advanceTimersByTimeAsync(1_999)
    expect(started.outcome).toBeUndefined()
    await vi.advanceTimersByTimeAsync(1)
    expect(started.outcome).toMatchObject({ kind: 'lost', reason: 'idle', status: undefined, headers: undefined })
    expect(interruptionOf(started).message).toBe('no byte within idleTimeout (2000 ms)')
    expect(started.latest.isOpen).toBe(false)
  })

  it('idleTimeout restarts with any bytes, and ends the stream only if the silence is long enough', async () => {
    const anyBytes = fc.constantFrom(':\n', ': ping\n', '\n', 'data: a\n\n', 'dat', '\r')
    const anySteps = fc.array(fc.tuple(anyBytes, fc.integer({ min: 1, max: 2_100 })), { minLength: 1, maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(anySteps, async (steps) => {
        const started = await start({ init })
        started.latest.respond()
        let isOver = false
        for (const [bytes, silence] of steps) {
          started.latest.send(bytes)
          await vi.advanceTimersByTimeAsync(silence)
          isOver ||= silence >= 2_000
          expect(started.outcome !== undefined).toBe(isOver)
        }
        started.attempt.abort()
      }),
    )
  })

  it('idleTimeout does not run while the consumer is behind, and restarts when it has caught up', async () => {
    let resume = (): void => {}
    const ready = vi.fn<() => Promise<void> | undefined>(
      () =>
        new Promise((resolve) => {
          resume = resolve
        }),
    )
    const started = await start({ init, handler: { ready } })
    started.latest.respond()
    await vi.advanceTimersByTimeAsync(1_500)
    const resumed = vi.fn<() => void>()
    started.latest.send('data: a\n\n')
    void started.latest.pause?.then(resumed)
    await vi.advanceTimersByTimeAsync(100_000)
    expect(started.outcome).toBeUndefined()
    expect(resumed).not.toHaveBeenCalled()
    resume()
    await vi.advanceTimersByTimeAsync(1_999)
    expect(resumed).toHaveBeenCalledOnce()
    expect(started.outcome).toBeUndefined()
    await vi.advanceTimersByTimeAsync(1)
    expect(started.outcome).toMatchObject({ reason: 'idle' })
  })
})

describe('A timeout tells the transport that the connection may be dead', () => {
  it.each([
    ['openTimeout', true],
    ['idleTimeout', true],
    ['close', false],
    ['loss', false],
  ])('After %s, it is %s that the signal has timed out', async (end, expected) => {
    const started = await start({ init: { openTimeout: 2_000, idleTimeout: 3_000 } })
    const { signal } = started.latest.request
    expect(signal.hasTimedOut).toBe(false)
    if (end !== 'openTimeout') started.latest.respond()
    if (end === 'close') started.attempt.abort()
    if (end === 'loss') started.latest.lose(new Error('reset'))
    await vi.advanceTimersByTimeAsync(3_000)
    expect(signal.aborted).toBe(true)
    expect(signal.hasTimedOut).toBe(expected)
  })
})

describe('A deadline does not expire while the thread is busy', () => {
  /** Returns whether a deadline of a second expires in its timer when that is late by so much. */
  function expiresAtOnce(lateness: number): boolean {
    const expire = vi.fn<() => void>()
    const now = performance.now()
    new Deadline(false).start(1_000, expire)
    vi.spyOn(performance, 'now').mockReturnValue(now + 1_000 + lateness)
    vi.advanceTimersToNextTimer()
    const isExpired = expire.mock.calls.length > 0
    // Bytes that have arrived in the meantime are read before the next timer.
    vi.advanceTimersToNextTimer()
    expect(expire).toHaveBeenCalledOnce()
    return isExpired
  }

  it('A deadline expires when it is due, or a millisecond later, since timers are not more exact', () => {
    for (const lateness of [-1, 0, 0.5, 1]) expect(expiresAtOnce(lateness), `late by ${lateness} ms`).toBe(true)
  })

  it('A deadline whose timer is late expires after what has arrived meanwhile', () => {
    for (const lateness of [1.1, 2, 1_000]) expect(expiresAtOnce(lateness), `late by ${lateness} ms`).toBe(false)
  })

  it.each([true, false])('unref: %s applies to the timers of a deadline, a late one too', (unref) => {
    const { setTimeout } = globalThis
    const timers: NodeJS.Timeout[] = []
    vi.stubGlobal('setTimeout', (callback: () => void, delay?: number): NodeJS.Timeout => {
      const timer = setTimeout(callback, delay)
      timers.push(timer)
      return timer
    })
    new Deadline(unref).start(1_000, () => {})
    vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 2_000)
    vi.advanceTimersToNextTimer()
    expect(timers.map((timer) => timer.hasRef())).toEqual([!unref, !unref])
  })
})
