import { scope } from '#lifecycle'
import { startTimer, type Timer } from './timer.ts'

/** How often a wait compares the clocks, and how far they may drift apart in between; in ms. */
const checkInterval = 1_000

/**
 * How much longer a wait lasts while the browser says that it is offline, in ms. The browser may be wrong, and a server
 * on the same machine can be reached without a scope.
 */
const offlineExtension = 30_000

/**
 * Waits before a reconnection: for `delay` ms, and longer while the browser is offline. The wait ends early when the
 * network is back (`online`), and when the machine was asleep: the wall clock then ran ahead of the monotonic clock.
 * @returns a function that ends the wait at once
 */
export function startReconnectWait(delay: number, unref: boolean, reconnect: () => void): () => void {
  const drift = (): number => Date.now() - performance.now()
  const driftAtStart = drift()
  const due = performance.now() + delay
  let timer: Timer
  const end = (): void => {
    clearTimeout(timer)
    scope.removeEventListener?.('online', end)
    reconnect()
  }
  const check = (): void => {
    // Runtimes other than browsers have no `onLine`.
    const extension = scope.navigator?.onLine === false ? offlineExtension : 0
    const remaining = due + extension - performance.now()
    const wasAsleep = drift() - driftAtStart > checkInterval
    if (remaining <= 0 || wasAsleep) end()
    else timer = startTimer(check, Math.min(remaining, checkInterval), unref)
  }
  scope.addEventListener?.('online', end)
  timer = startTimer(check, Math.min(delay, checkInterval), unref)
  return end
}
