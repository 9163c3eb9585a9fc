import { network } from '#lifecycle'
import { onGlobalEvents } from './global-events.ts'
import { startTimer, type Timer } from './timer.ts'

/**
 * How often a wait looks at the clock, in ms. After a sleep, the clock is ahead of the timers by more than five times as
 * much; a busy thread, or a slow test that fakes only `setTimeout`, is less late.
 */
const checkInterval = 1_000

/**
 * How much longer a wait lasts while the browser says that it is offline, in ms. The browser may be wrong, and a server
 * on the same machine can be reached without a network.
 */
const offlineExtension = 30_000

/**
 * Calls back when the machine was asleep: the clock then runs ahead of the timers. Only one clock is read, so that
 * tests may fake some of the timers and clocks and not others.
 * @returns a function that ends the watch
 */
function watchForSleep(unref: boolean, onWake: () => void): () => void {
  let timer: Timer
  const check = (): void => {
    const due = Date.now() + checkInterval
    timer = startTimer(() => (Date.now() - due > 5 * checkInterval ? onWake() : check()), checkInterval, unref)
  }
  check()
  return () => clearTimeout(timer)
}

/**
 * Waits before a reconnection: for `delay` ms, and longer while the browser is offline. The wait ends early when the
 * network is back (`online`), and when the machine was asleep.
 * @returns a function that ends the wait at once
 */
export function startReconnectWait(delay: number, unref: boolean, reconnect: () => void): () => void {
  const end = (): void => {
    clearTimeout(timer)
    endWatch?.()
    stopListening?.()
    reconnect()
  }
  const endUnlessOffline = (extension: number): void => {
    // Runtimes other than browsers have no `onLine`.
    const isOffline = network.navigator?.onLine === false
    if (isOffline && extension > 0) wait(checkInterval, extension - checkInterval)
    else end()
  }
  let timer: Timer
  const wait = (time: number, extension: number): void => {
    timer = startTimer(() => endUnlessOffline(extension), time, unref)
  }
  wait(delay, offlineExtension)
  const endWatch = delay > checkInterval ? watchForSleep(unref, end) : undefined
  const stopListening = onGlobalEvents(['online'], end, undefined, network)
  return end
}
