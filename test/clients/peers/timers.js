// Makes all timers of a page short, and keeps what they were asked for.
const { setTimeout: startTimer, clearTimeout: stopTimer } = globalThis

/** Longer ones are not waits for the next attempt, but limits: the polyfill has one of 45 s. */
const maxDelay = 40_000

export const pending = new Set()
export const delays = []
export const timers = { areShort: true }

globalThis.setTimeout = (callback, delay = 0, ...given) => {
  if (delay > 0) delays.push(delay)
  const timer = startTimer(
    () => {
      pending.delete(timer)
      callback(...given)
    },
    timers.areShort && delay <= maxDelay ? Math.min(delay, 5) : delay,
  )
  pending.add(timer)
  return timer
}
globalThis.clearTimeout = (timer) => {
  pending.delete(timer)
  stopTimer(timer)
}
