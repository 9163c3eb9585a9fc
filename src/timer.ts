export type Timer = ReturnType<typeof setTimeout>

/** The maximum delay of a timer, in ms: `setTimeout` turns anything longer into 1 ms. */
export const maxTimerDelay = 2 ** 31 - 1

/** Starts a timer. With `unref`, the timer does not keep a Node process alive. */
export function startTimer(callback: () => void, delay: number, unref: boolean): Timer {
  const timer = setTimeout(callback, Math.min(delay, maxTimerDelay))
  if (unref) (timer as { unref?(): void }).unref?.()
  return timer
}
