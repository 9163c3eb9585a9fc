import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
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
    expect(interruptionOf(started).message).toContain('2000')
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
    expect(interruptionOf(started).message).toContain('2000')
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
