import { startTimer, type Timer } from './timer.ts'

/** How long a deadline that expires late waits for what arrived meanwhile, at most, in ms. */
const maxGracePeriod = 1_000

/** A deadline that can be moved. It does not expire while the caller's own code keeps the thread busy. */
export class Deadline {
  readonly #unref: boolean
  #timer: Timer | undefined

  /** @param unref whether the deadline does not keep a Node process alive */
  constructor(unref: boolean) {
    this.#unref = unref
  }

  /** Replaces the deadline: `expire` is called once, after `delay` ms; a delay of 0 means never. */
  start(delay: number, expire: () => void): void {
    this.clear()
    if (!delay) return
    const due = performance.now() + delay
    const onTimer = (): void => {
      const lateness = performance.now() - due
      // The timer is late because the thread was busy: what arrived in the meantime has to be read first. Firefox delivers it
      // some time after the timer.
      if (lateness > 1) this.#timer = startTimer(expire, Math.min(lateness, maxGracePeriod), this.#unref)
      else expire()
    }
    this.#timer = startTimer(onTimer, delay, this.#unref)
  }

  clear(): void {
    clearTimeout(this.#timer)
  }
}
