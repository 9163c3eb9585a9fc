import { network } from '#lifecycle'
import { onGlobalEvents } from './global-events.ts'
import { startTimer, type Timer } from './timer.ts'

/**
 * The interval at which a wait checks the clocks, in ms. Only a jump of more than five times the interval counts as a
 * sleep: a shorter one may be an adjustment of the wall clock, or a test that fakes one of the clocks.
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
  // During a sleep, the wall clock runs, and the clock of the timers either stands still or counts the sleep as a part
  // of the wait. A late timer is not a sign of a sleep: browsers let the timers of hidden pages run once a minute, and
  // an `alert()` or a debugger stops all of them.
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
