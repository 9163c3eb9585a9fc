import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { watchPageLifecycle } from '../src/page-lifecycle.ts'
import { startReconnectWait } from '../src/reconnect-wait.ts'
import { startTimer } from '../src/timer.ts'

const second = 1_000
const hour = 3_600_000
const longestDelay = 2_147_483_647

/** A mock of the global object that dispatches `online`: Node has no such event. */
function stubNetwork(): EventTarget & { readonly listeners: number } {
  const network = new EventTarget()
  const listeners = new Set<unknown>()
  vi.stubGlobal('addEventListener', (type: string, listener: EventListener) => {
    listeners.add(listener)
    network.addEventListener(type, listener)
  })
  vi.stubGlobal('removeEventListener', (type: string, listener: EventListener) => {
    listeners.delete(listener)
    network.removeEventListener(type, listener)
  })
  return Object.defineProperty(network, 'listeners', { get: () => listeners.size }) as typeof network & {
    readonly listeners: number
  }
}

/** Sets the wall clock forward or back. The clock of the timers does not change. */
function turnWallClock(milliseconds: number): void {
  vi.setSystemTime(Date.now() + milliseconds)
}

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

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
    const end = startReconnectWait(longestDelay, false, wake)
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
  it.each([2 * second, 10 * second, hour, 24 * hour])('A jump of %d ms ends a wait within a second', (jump) => {
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

  it('A jump of less than a second, as clocks are adjusted, does not affect a wait', () => {
    const wake = vi.fn<() => void>()
    startReconnectWait(30_000, false, wake)
    vi.advanceTimersByTime(4_500)
    turnWallClock(900)
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

describe('A page can be away', () => {
  /** A mock of a document, which Node does not have. Real browsers are tested in test/lifecycle. */
  function stubPage() {
    const network = stubNetwork()
    const document = { hidden: false }
    vi.stubGlobal('document', document)
    const dispatch = (type: string, members: object = {}) =>
      network.dispatchEvent(Object.assign(new Event(type), members))
    return {
      network,
      dispatch,
      hide(hidden: boolean) {
        document.hidden = hidden
        dispatch('visibilitychange')
      },
    }
  }

  it.each([
    ['the back/forward cache', 'pagehide', 'pageshow'],
    ['the frozen state', 'freeze', 'resume'],
  ])('A page goes into %s and comes back', (_, leave, comeBack) => {
    const { dispatch } = stubPage()
    const changes: boolean[] = []
    watchPageLifecycle(false, (isAway) => changes.push(isAway))
    dispatch('pageshow', { persisted: false })
    expect(changes).toEqual([])
    dispatch(leave, { persisted: true })
    expect(changes).toEqual([true])
    dispatch(comeBack, { persisted: true })
    expect(changes).toEqual([true, false])
  })

  it('A page that is left for good does not count as away', () => {
    const { dispatch } = stubPage()
    const change = vi.fn<(isAway: boolean) => void>()
    watchPageLifecycle(true, change)
    dispatch('pagehide', { persisted: false })
    expect(change).not.toHaveBeenCalled()
  })

  it('A page that is hidden counts as away only with pauseWhenHidden', () => {
    const page = stubPage()
    const counted: boolean[] = []
    const change = vi.fn<(isAway: boolean) => void>()
    watchPageLifecycle(true, (isAway) => counted.push(isAway))
    watchPageLifecycle(false, change)
    page.hide(true)
    page.hide(false)
    expect(counted).toEqual([true, false])
    expect(change).not.toHaveBeenCalled()
  })

  it('A page that is hidden from the start is away from the start with pauseWhenHidden', () => {
    stubPage()
    vi.stubGlobal('document', { hidden: true })
    const change = vi.fn<(isAway: boolean) => void>()
    watchPageLifecycle(true, change)
    expect(change).toHaveBeenCalledExactlyOnceWith(true)
  })

  it('A page that is resumed while it is hidden is still away', () => {
    const page = stubPage()
    const changes: boolean[] = []
    watchPageLifecycle(true, (isAway) => changes.push(isAway))
    page.hide(true)
    page.dispatch('freeze')
    page.dispatch('resume')
    expect(changes).toEqual([true])
    page.hide(false)
    expect(changes).toEqual([true, false])
  })

  it('A page has no listeners after the watch has ended', () => {
    const { network, dispatch } = stubPage()
    const change = vi.fn<(isAway: boolean) => void>()
    const end = watchPageLifecycle(true, change)
    end?.()
    expect(network.listeners).toBe(0)
    dispatch('freeze')
    expect(change).not.toHaveBeenCalled()
  })

  it('No listeners are added where there is no page', () => {
    const network = stubNetwork()
    watchPageLifecycle(true, () => expect.unreachable())
    expect(network.listeners).toBe(0)
  })
})

describe('A timer can be longer than the platform allows', () => {
  it.each([longestDelay + 1, 1e12, Number.MAX_VALUE])(
    'A timer of %d ms, which is more than one can hold, does not end at once',
    (delay) => {
      const callback = vi.fn<() => void>()
      startTimer(callback, delay, false)
      vi.advanceTimersByTime(longestDelay - 1)
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
    expect(keepAlive).toEqual([!unref, !unref, !unref])
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

  it.each([longestDelay + 1, 1e12, Infinity])('A timer of %d ms takes as long as a timer can hold', (delay) => {
    vi.useFakeTimers()
    const callback = vi.fn<() => void>()
    startTimer(callback, delay, false)
    vi.advanceTimersByTime(longestDelay - 1)
    expect(callback).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(callback).toHaveBeenCalledOnce()
  })

  it('unref has no effect where timers are numbers, as in browsers', () => {
    vi.stubGlobal('setTimeout', () => 7)
    expect(startTimer(() => {}, hour, true)).toBe(7)
  })
})
