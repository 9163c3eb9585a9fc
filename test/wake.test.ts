import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { watchPageLifecycle } from '../src/page-lifecycle.ts'
import { startReconnectWait } from '../src/reconnect-wait.ts'
import { startTimer } from '../src/timer.ts'

const second = 1_000
const hour = 3_600_000
const longestDelay = 2_147_483_647

/** What counts as a listener of the network's: Node has no `online` event, browsers dispatch it at the global object. */
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

/** Sets the wall clock forward or back; the clock that timers go by does not notice. */
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

describe('a wait', () => {
  it.each([0, 1, 999, 1_000, 1_001, 2_500, 30_000, hour])('of %d ms ends when it is due', (delay) => {
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

  it('of any length ends when it is due, however the time passes', () => {
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

  it('of the longest delay that a timer holds does not end early', () => {
    const wake = vi.fn<() => void>()
    const end = startReconnectWait(longestDelay, false, wake)
    vi.advanceTimersByTime(hour)
    expect(wake).not.toHaveBeenCalled()
    end()
  })

  it('is never over before startWait has returned', () => {
    const wake = vi.fn<() => void>()
    startReconnectWait(0, false, wake)
    expect(wake).not.toHaveBeenCalled()
    vi.advanceTimersByTime(0)
    expect(wake).toHaveBeenCalledOnce()
  })

  it('that is cut ends at once, and leaves no timer', () => {
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

describe('a wall clock that runs ahead, as it does while a machine sleeps', () => {
  it.each([2 * second, 10 * second, hour, 24 * hour])('by %d ms ends a wait within a second', (jump) => {
    const wake = vi.fn<() => void>()
    startReconnectWait(30_000, false, wake)
    vi.advanceTimersByTime(4_500)
    turnWallClock(jump)
    expect(wake).not.toHaveBeenCalled()
    vi.advanceTimersByTime(second)
    expect(wake).toHaveBeenCalledOnce()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('ends a wait once only, however often it does so', () => {
    const wake = vi.fn<() => void>()
    startReconnectWait(30_000, false, wake)
    for (let times = 0; times < 5; times++) {
      turnWallClock(hour)
      vi.advanceTimersByTime(second)
    }
    expect(wake).toHaveBeenCalledOnce()
  })

  it('by less than a second, as clocks are adjusted, changes nothing', () => {
    const wake = vi.fn<() => void>()
    startReconnectWait(30_000, false, wake)
    vi.advanceTimersByTime(4_500)
    turnWallClock(900)
    vi.advanceTimersByTime(25_499)
    expect(wake).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(wake).toHaveBeenCalledOnce()
  })

  it('before the wait begins does not end it', () => {
    turnWallClock(hour)
    const wake = vi.fn<() => void>()
    startReconnectWait(30_000, false, wake)
    vi.advanceTimersByTime(29_999)
    expect(wake).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(wake).toHaveBeenCalledOnce()
  })
})

describe('a wall clock that is set back', () => {
  it('neither ends a wait early nor makes it longer', () => {
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

describe('a network that is back', () => {
  it('ends a wait at once', () => {
    const network = stubNetwork()
    const wake = vi.fn<() => void>()
    startReconnectWait(30_000, false, wake)
    vi.advanceTimersByTime(100)
    network.dispatchEvent(new Event('online'))
    expect(wake).toHaveBeenCalledOnce()
    expect(vi.getTimerCount()).toBe(0)
    expect(network.listeners).toBe(0)
  })

  it('is not told from one that is gone by any other event', () => {
    const network = stubNetwork()
    const wake = vi.fn<() => void>()
    const end = startReconnectWait(30_000, false, wake)
    network.dispatchEvent(new Event('offline'))
    expect(wake).not.toHaveBeenCalled()
    end()
  })

  it('is listened for during the wait only', () => {
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

describe('a browser that says it is offline', () => {
  it('makes a wait last until the network is back', () => {
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

  it('may be wrong: a wait lasts half a minute longer, and no more', () => {
    stubNetwork()
    vi.stubGlobal('navigator', { onLine: false })
    const wake = vi.fn<() => void>()
    startReconnectWait(3_000, false, wake)
    vi.advanceTimersByTime(32_999)
    expect(wake).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(wake).toHaveBeenCalledOnce()
  })

  it('and then is back without a word ends the wait within a second of its time', () => {
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

describe('a page', () => {
  /** Stands in for a document, which Node has not; what real browsers dispatch is tested in test/lifecycle. */
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
    ['the freezer', 'freeze', 'resume'],
  ])('goes away into %s, and comes back', (_, leave, comeBack) => {
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

  it('that is left for good does not go away: nobody will see it again', () => {
    const { dispatch } = stubPage()
    const change = vi.fn<(isAway: boolean) => void>()
    watchPageLifecycle(true, change)
    dispatch('pagehide', { persisted: false })
    expect(change).not.toHaveBeenCalled()
  })

  it('that is hidden is away only where that counts', () => {
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

  it('that is hidden from the start is away from the start, where that counts', () => {
    stubPage()
    vi.stubGlobal('document', { hidden: true })
    const change = vi.fn<(isAway: boolean) => void>()
    watchPageLifecycle(true, change)
    expect(change).toHaveBeenCalledExactlyOnceWith(true)
  })

  it('that comes out of the freezer hidden is away still', () => {
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

  it('is not listened to any more once the watch has ended', () => {
    const { network, dispatch } = stubPage()
    const change = vi.fn<(isAway: boolean) => void>()
    const end = watchPageLifecycle(true, change)
    end?.()
    expect(network.listeners).toBe(0)
    dispatch('freeze')
    expect(change).not.toHaveBeenCalled()
  })

  it('is not looked for where there is none', () => {
    const network = stubNetwork()
    watchPageLifecycle(true, () => expect.unreachable())
    expect(network.listeners).toBe(0)
  })
})

describe('a timer', () => {
  it.each([longestDelay + 1, 1e12, Number.MAX_VALUE])(
    'of %d ms, which is more than one can hold, does not end at once',
    (delay) => {
      const callback = vi.fn<() => void>()
      startTimer(callback, delay, false)
      vi.advanceTimersByTime(longestDelay - 1)
      expect(callback).not.toHaveBeenCalled()
      vi.clearAllTimers()
    },
  )
})

describe('unref', () => {
  /** Whether each timer that was started keeps the process alive, in their order. */
  function watchTimers(): boolean[] {
    const keepAlive: boolean[] = []
    const { setTimeout } = globalThis
    const watched = (callback: () => void, delay?: number): NodeJS.Timeout => {
      const timer = setTimeout(callback, delay)
      // Only now is it known whether it was unreferenced.
      queueMicrotask(() => keepAlive.push(timer.hasRef()))
      return timer
    }
    vi.stubGlobal('setTimeout', watched)
    return keepAlive
  }

  it.each([true, false])('%s holds for each timer of a wait', async (unref) => {
    vi.useRealTimers()
    vi.useFakeTimers()
    const keepAlive = watchTimers()
    const end = startReconnectWait(3 * second, unref, () => {})
    await vi.advanceTimersByTimeAsync(2.5 * second)
    end()
    expect(keepAlive).toEqual([!unref, !unref, !unref])
  })

  it.each([true, false])('%s holds for a timer of Node itself', (unref) => {
    vi.useRealTimers()
    const timer = startTimer(() => {}, hour, unref) as NodeJS.Timeout
    try {
      expect(timer.hasRef()).toBe(!unref)
    } finally {
      clearTimeout(timer)
    }
  })

  it.each([longestDelay + 1, 1e12, Infinity])('of %d ms, which no timer holds, takes as long as one holds', (delay) => {
    vi.useFakeTimers()
    const callback = vi.fn<() => void>()
    startTimer(callback, delay, false)
    vi.advanceTimersByTime(longestDelay - 1)
    expect(callback).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(callback).toHaveBeenCalledOnce()
  })

  it('changes nothing where timers are plain numbers, as in browsers', () => {
    vi.stubGlobal('setTimeout', () => 7)
    expect(startTimer(() => {}, hour, true)).toBe(7)
  })
})
