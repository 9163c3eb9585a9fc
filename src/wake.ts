export type Timer = ReturnType<typeof setTimeout>

/** The longest delay a timer holds, in ms: setTimeout turns anything longer into 1 ms. */
export const longestDelay = 2 ** 31 - 1

/** Starts a timer; with `unref`, one that does not keep a Node process alive. */
export function startTimer(callback: () => void, delay: number, unref: boolean): Timer {
  const timer = setTimeout(callback, Math.min(delay, longestDelay))
  if (unref) (timer as { unref?(): void }).unref?.()
  return timer
}

/** How often a wait looks at the clocks, and how far they may drift apart meanwhile; in ms. */
const tick = 1_000

/**
 * Waits for `delay` ms, or until something says that waiting is pointless: the network is back (`online`), or the wall
 * clock ran ahead of the clock that timers go by, as it does while a machine sleeps.
 * @returns a function that ends the wait at once
 */
export function startWait(delay: number, unref: boolean, wake: () => void): () => void {
  const drift = () => Date.now() - performance.now()
  const atStart = drift()
  const due = performance.now() + delay
  let timer: Timer
  const end = () => {
    clearTimeout(timer)
    globalThis.removeEventListener?.('online', end)
    wake()
  }
  const look = () => {
    const remaining = due - performance.now()
    if (remaining <= 0 || drift() - atStart > tick) end()
    else timer = startTimer(look, Math.min(remaining, tick), unref)
  }
  globalThis.addEventListener?.('online', end)
  timer = startTimer(look, Math.min(delay, tick), unref)
  return end
}
