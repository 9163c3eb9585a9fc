import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { startReconnectWait } from '../src/reconnect-wait.ts'

import { useFakeTimers } from './fake-timers.ts'
import { stubNetwork } from './stub-network.ts'

useFakeTimers()

const second = 1_000
const hour = 3_600_000
const maxTimerDelay = 2_147_483_647

/** Sets the wall clock forward or back. The clock of the timers does not change. */
function turnWallClock(milliseconds: number): void {
  vi.setSystemTime(Date.now() + milliseconds)
}

describe('A wait ends when it is due', () => {
  it.each([0, 1, 999, 1_000, 1_001, 2_500, 30_000, hour])('A wait of %d ms ends when it is due', (delay) => {
    const wake = vi.fn<() => void>()
    startReconnectWait(delay, false, wake)
    if (delay > 0) vi.advanceTimersByTime(delay - 1)
    expect(wake).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(wake).toHaveBeenCalledOnce()
    vi.advanceTimersByTime(hour)
    expect(wake).toHaveBeenCalledOnce()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('A wait of any length ends when it is due, in whatever steps the time passes', () => {
    fc.assert(
      fc.property(fc.nat(100_000), fc.array(fc.integer({ min: 1, max: 5_000 }), { maxLength: 20 }), (delay, steps) => {
        const wake = vi.fn<() => void>()
        const start = performance.now()
        startReconnectWait(delay, false, () => wake())
        for (const step of steps) {
          vi.advanceTimersByTime(step)
          expect(wake).toHaveBeenCalledTimes(performance.now() - start >= delay ? 1 : 0)
        }
        vi.advanceTimersByTime(delay)
        expect(wake).toHaveBeenCalledOnce()
        expect(vi.getTimerCount()).toBe(0)
      }),
    )
  })

  it('A wait of the longest delay that a timer can hold does not end early', () => {
    const wake = vi.fn<() => void>()
    const end = startReconnectWait(maxTimerDelay, false, wake)
    vi.advanceTimersByTime(hour)
    expect(wake).not.toHaveBeenCalled()
    end()
  })

  it('A wait never ends before startWait() has returned', () => {
    const wake = vi.fn<() => void>()
    startReconnectWait(0, false, wake)
    expect(wake).not.toHaveBeenCalled()
    vi.advanceTimersByTime(0)
    expect(wake).toHaveBeenCalledOnce()
  })

  it('A wait that is cut short ends at once and leaves no timer', () => {
    const wake = vi.fn<() => void>()
    const end = startReconnectWait(hour, false, wake)
    vi.advanceTimersByTime(second / 2)
    end()
    expect(wake).toHaveBeenCalledOnce()
    expect(vi.getTimerCount()).toBe(0)
    vi.advanceTimersByTime(hour)
    expect(wake).toHaveBeenCalledOnce()
  })
})

describe('A wait ends early when the wall clock jumps ahead, as it does while a machine sleeps', () => {
  it.each([6 * second, 10 * second, hour, 24 * hour])('A jump of %d ms ends a wait within a second', (jump) => {
    const wake = vi.fn<() => void>()
    startReconnectWait(30_000, false, wake)
    vi.advanceTimersByTime(4_500)
    turnWallClock(jump)
    expect(wake).not.toHaveBeenCalled()
    vi.advanceTimersByTime(second)
    expect(wake).toHaveBeenCalledOnce()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('Several jumps end a wait only once', () => {
    const wake = vi.fn<() => void>()
    startReconnectWait(30_000, false, wake)
    for (let times = 0; times < 5; times++) {
      turnWallClock(hour)
      vi.advanceTimersByTime(second)
    }
    expect(wake).toHaveBeenCalledOnce()
  })

  it.each([
    ['less than a second, as clocks are adjusted,', 900],
    ['a few seconds, as in a slow test that fakes setTimeout alone,', 4_000],
  ])('A jump of %s does not affect a wait', (_, jump) => {
    const wake = vi.fn<() => void>()
    startReconnectWait(30_000, false, wake)
    vi.advanceTimersByTime(4_500)
    turnWallClock(jump)
    vi.advanceTimersByTime(25_499)
    expect(wake).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(wake).toHaveBeenCalledOnce()
  })

  it('A jump before the wait begins does not end it', () => {
    turnWallClock(hour)
    const wake = vi.fn<() => void>()
    startReconnectWait(30_000, false, wake)
    vi.advanceTimersByTime(29_999)
    expect(wake).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(wake).toHaveBeenCalledOnce()
  })
})

describe('A wait does not depend on a wall clock that is set back', () => {
  it('A wall clock that is set back neither shortens nor extends a wait', () => {
    const wake = vi.fn<() => void>()
    startReconnectWait(30_000, false, wake)
    vi.advanceTimersByTime(4_500)
    turnWallClock(-hour)
    vi.advanceTimersByTime(25_499)
    expect(wake).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(wake).toHaveBeenCalledOnce()
  })
})

describe('A wait ends when the network is back', () => {
  it('The online event ends a wait at once', () => {
    const network = stubNetwork()
    const wake = vi.fn<() => void>()
    startReconnectWait(30_000, false, wake)
    vi.advanceTimersByTime(100)
    network.dispatchEvent(new Event('online'))
    expect(wake).toHaveBeenCalledOnce()
    expect(vi.getTimerCount()).toBe(0)
    expect(network.listeners).toBe(0)
  })

  it('The offline event does not end a wait', () => {
    const network = stubNetwork()
    const wake = vi.fn<() => void>()
    const end = startReconnectWait(30_000, false, wake)
    network.dispatchEvent(new Event('offline'))
    expect(wake).not.toHaveBeenCalled()
    end()
  })

  it('A wait has a listener for the online event only while it lasts', () => {
    const network = stubNetwork()
    const wake = vi.fn<() => void>()
    startReconnectWait(2_000, false, wake)
    expect(network.listeners).toBe(1)
    vi.advanceTimersByTime(2_000)
    expect(network.listeners).toBe(0)
    const end = startReconnectWait(2_000, false, wake)
    expect(network.listeners).toBe(1)
    end()
    expect(network.listeners).toBe(0)
    network.dispatchEvent(new Event('online'))
    expect(wake).toHaveBeenCalledTimes(2)
  })
})

describe('A wait takes longer while the browser says that it is offline', () => {
  it('A wait lasts until the network is back', () => {
    const network = stubNetwork()
    const navigator = { onLine: false }
    vi.stubGlobal('navigator', navigator)
    const wake = vi.fn<() => void>()
    startReconnectWait(3_000, false, wake)
    vi.advanceTimersByTime(20_000)
    expect(wake).not.toHaveBeenCalled()
    navigator.onLine = true
    network.dispatchEvent(new Event('online'))
    expect(wake).toHaveBeenCalledOnce()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('A wait lasts at most half a minute longer, since the browser may be wrong', () => {
    stubNetwork()
    vi.stubGlobal('navigator', { onLine: false })
    const wake = vi.fn<() => void>()
    startReconnectWait(3_000, false, wake)
    vi.advanceTimersByTime(32_999)
    expect(wake).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(wake).toHaveBeenCalledOnce()
  })

  it('A wait ends within a second of its time when the browser is online again without an event', () => {
    const navigator = { onLine: false }
    vi.stubGlobal('navigator', navigator)
    const wake = vi.fn<() => void>()
    startReconnectWait(3_000, false, wake)
    vi.advanceTimersByTime(5_000)
    navigator.onLine = true
    vi.advanceTimersByTime(second)
    expect(wake).toHaveBeenCalledOnce()
  })
})
describe('A wait can be tested with fake timers, whichever of them are faked', () => {
  it('A wait reaches its end when the pending timers run', () => {
    const reconnect = vi.fn<() => void>()
    startReconnectWait(30_000, false, reconnect)
    vi.runOnlyPendingTimers()
    expect(reconnect).toHaveBeenCalledOnce()
    expect(vi.getTimerCount()).toBe(0)
  })

  it.each([
    [['setTimeout', 'clearTimeout', 'Date']],
    [['setTimeout', 'clearTimeout']],
    [['setTimeout', 'clearTimeout', 'performance']],
  ] as const)('A wait of 10 s ends after 10 s when %s are faked', (toFake) => {
    vi.useRealTimers()
    vi.useFakeTimers({ toFake: [...toFake] })
    const reconnect = vi.fn<() => void>()
    startReconnectWait(10_000, false, reconnect)
    vi.advanceTimersByTime(9_999)
    expect(reconnect).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(reconnect).toHaveBeenCalledOnce()
  })
})
