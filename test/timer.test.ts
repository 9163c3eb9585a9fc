import { describe, expect, it, vi } from 'vitest'
import { startReconnectWait } from '../src/reconnect-wait.ts'
import { startTimer } from '../src/timer.ts'

import { useFakeTimers } from './fake-timers.ts'

useFakeTimers()

const second = 1_000
const hour = 3_600_000
const maxTimerDelay = 2_147_483_647

describe('A timer can be longer than the platform allows', () => {
  it.each([maxTimerDelay + 1, 1e12, Number.MAX_VALUE])(
    'A timer of %d ms, which is more than one can hold, does not end at once',
    (delay) => {
      const callback = vi.fn<() => void>()
      startTimer(callback, delay, false)
      vi.advanceTimersByTime(maxTimerDelay - 1)
      expect(callback).not.toHaveBeenCalled()
      vi.clearAllTimers()
    },
  )
})

describe('unref decides whether timers keep the process alive', () => {
  /** Records for each timer whether it keeps the process alive, in order. */
  function watchTimers(): boolean[] {
    const keepAlive: boolean[] = []
    const { setTimeout } = globalThis
    const watched = (callback: () => void, delay?: number): NodeJS.Timeout => {
      const timer = setTimeout(callback, delay)
      // Whether the timer was unreferenced is known only now.
      queueMicrotask(() => keepAlive.push(timer.hasRef()))
      return timer
    }
    vi.stubGlobal('setTimeout', watched)
    return keepAlive
  }

  it.each([true, false])('unref: %s applies to each timer of a wait', async (unref) => {
    vi.useRealTimers()
    vi.useFakeTimers()
    const keepAlive = watchTimers()
    const end = startReconnectWait(3 * second, unref, () => {})
    await vi.advanceTimersByTimeAsync(2.5 * second)
    end()
    // The end of the wait, and three checks of the clock.
    expect(keepAlive).toEqual([!unref, !unref, !unref, !unref])
  })

  it.each([true, false])('unref: %s applies to a timer of Node', (unref) => {
    vi.useRealTimers()
    const timer = startTimer(() => {}, hour, unref) as NodeJS.Timeout
    try {
      expect(timer.hasRef()).toBe(!unref)
    } finally {
      clearTimeout(timer)
    }
  })

  it.each([maxTimerDelay + 1, 1e12, Infinity])('A timer of %d ms takes as long as a timer can hold', (delay) => {
    vi.useFakeTimers()
    const callback = vi.fn<() => void>()
    startTimer(callback, delay, false)
    vi.advanceTimersByTime(maxTimerDelay - 1)
    expect(callback).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(callback).toHaveBeenCalledOnce()
  })

  it('unref has no effect where timers are numbers, as in browsers', () => {
    vi.stubGlobal('setTimeout', () => 7)
    expect(startTimer(() => {}, hour, true)).toBe(7)
  })
})
