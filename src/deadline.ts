import { startTimer, type Timer } from './timer.ts'

/** A deadline that can be moved. */
export interface Deadline {
  /** Replaces the deadline: `expire` is called once, after `delay` ms; a delay of 0 means never. */
  start(delay: number, expire: () => void): void
  clear(): void
}

/**
 * Creates a deadline, which does not expire while the caller's own code keeps the thread busy.
 * @param unref whether the deadline does not keep a Node process alive
 */
export function createDeadline(unref: boolean): Deadline {
  let timer: Timer | undefined
  return {
    start(delay, expire) {
      clearTimeout(timer)
      if (!delay) return
      const due = performance.now() + delay
      const onTimer = (): void => {
        // A late timer: the thread was busy, and what arrived meanwhile has to be read first.
        if (performance.now() > due + 1) timer = startTimer(expire, 0, unref)
        else expire()
      }
      timer = startTimer(onTimer, delay, unref)
    },
    clear() {
      clearTimeout(timer)
    },
  }
}
