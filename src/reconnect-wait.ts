import { network } from '#lifecycle'
import { onGlobalEvents } from './global-events.ts'
import { startTimer, type Timer } from './timer.ts'

/**
 * How often a wait looks at the clocks, in ms. A sleep counts from five times as much on: less may be a wall clock that is
 * adjusted, or a test that fakes one of the clocks.
 */
const checkInterval = 1_000

/**
 * How much longer a wait lasts while the browser says that it is offline, in ms. The browser may be wrong, and a server
 * on the same machine can be reached without a network.
 */
const offlineExtension = 30_000

/**
 * Waits before a reconnection: for `delay` ms, and longer while the browser is offline. The wait ends early when the
 * network is back (`online`), and when the machine was asleep.
 * @returns a function that ends the wait at once
 */
export function startReconnectWait(delay: number, unref: boolean, reconnect: () => void): () => void {
  let timer: Timer
  let sleepTimer: Timer | undefined
  const end = (): void => {
    clearTimeout(timer)
    clearTimeout(sleepTimer)
    stopListening?.()
    reconnect()
  }
  const wait = (time: number, extension: number): void => {
    const onTimer = (): void => {
      // Runtimes other than browsers have no `onLine`.
      const isOffline = network.navigator?.onLine === false
      if (isOffline && extension > 0) wait(checkInterval, extension - checkInterval)
      else end()
    }
    timer = startTimer(onTimer, time, unref)
  }
  // During a sleep, the wall clock runs and the clock of the timers stands still, or takes the sleep for a part of the
  // wait. A timer that is late is no sign of a sleep: browsers let the timers of hidden pages run once a minute, and an
  // `alert()` or a debugger stops all of them.
  const watchForSleep = (): void => {
    const lead = Date.now() - performance.now()
    const onTimer = (): void => {
      if (Date.now() - performance.now() - lead > 5 * checkInterval) end()
      else watchForSleep()
    }
    sleepTimer = startTimer(onTimer, checkInterval, unref)
  }
  wait(delay, offlineExtension)
  if (delay > checkInterval) watchForSleep()
  const stopListening = onGlobalEvents(['online'], end, network)
  return end
}
