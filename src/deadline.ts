import { startTimer, type Timer } from './timer.ts'

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
      // The timer is late because the thread was busy: what arrived in the meantime has to be read first.
      if (performance.now() > due + 1) this.#timer = startTimer(expire, 0, this.#unref)
      else expire()
    }
    this.#timer = startTimer(onTimer, delay, this.#unref)
  }

  clear(): void {
    clearTimeout(this.#timer)
  }
}
