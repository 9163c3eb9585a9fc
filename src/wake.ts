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
 * How much longer a wait lasts while the browser says that it is offline, in ms: it may be wrong, and to it a server on
 * this very machine is out of reach, too.
 */
const offlineTime = 30_000

/**
 * Waits for `delay` ms, and longer while the browser is offline, or until something says that waiting is pointless: the
 * network is back (`online`), or the wall clock ran ahead of the clock that timers go by, as it does while a machine
 * sleeps.
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
    // Servers have no `onLine`.
    const extra = globalThis.navigator?.onLine === false ? offlineTime : 0
    const remaining = due + extra - performance.now()
    if (remaining <= 0 || drift() - atStart > tick) end()
    else timer = startTimer(look, Math.min(remaining, tick), unref)
  }
  globalThis.addEventListener?.('online', end)
  timer = startTimer(look, Math.min(delay, tick), unref)
  return end
}

const pageEvents = ['pagehide', 'pageshow', 'freeze', 'resume', 'visibilitychange']

/**
 * Tells when the page goes away: into the back/forward cache, frozen, or, where that counts, hidden; and when it is
 * back. Where there is no page, nothing is told.
 * @returns a function that ends the watch, if there is one
 */
export function watchPage(countsHidden: boolean, change: (isAway: boolean) => void): (() => void) | undefined {
  const { document } = globalThis
  if (!document) return
  let isSuspended = false
  let wasAway = false
  const look = ({ type, persisted }: { type?: string; persisted?: boolean }): void => {
    if (type !== 'visibilitychange') isSuspended = type === 'freeze' || (type === 'pagehide' && !!persisted)
    const isAway = isSuspended || (countsHidden && document.hidden)
    if (isAway !== wasAway) change(isAway)
    wasAway = isAway
  }
  // Captured, for some are dispatched at the document.
  for (const type of pageEvents) globalThis.addEventListener(type, look, true)
  look({})
  return () => {
    for (const type of pageEvents) globalThis.removeEventListener(type, look, true)
  }
}
