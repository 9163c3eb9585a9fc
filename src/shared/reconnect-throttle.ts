import { startTimer, type Timer } from '../timer.ts'

/** The minimum time between two reconnections that tabs ask for, in ms. */
const minReconnectInterval = 1_000

/**
 * Limits the reconnections that tabs ask for: one is immediate, and any number of requests within the interval leads to
 * one after it.
 */
export class ReconnectThrottle {
  readonly #reconnect: () => void
  readonly #unref: boolean
  /** Runs for the interval after a reconnection. */
  #timer: Timer | undefined
  /** Whether another reconnection was asked for while the timer ran. */
  #isDue = false

  constructor(reconnect: () => void, unref: boolean) {
    this.#reconnect = reconnect
    this.#unref = unref
  }

  request(): void {
    if (this.#timer !== undefined) {
      this.#isDue = true
      return
    }
    this.#reconnect()
    const onTimer = (): void => {
      const isDue = this.#isDue
      this.reset()
      if (isDue) this.request()
    }
    this.#timer = startTimer(onTimer, minReconnectInterval, this.#unref)
  }

  /** Forgets what was asked for, because another connection follows anyway. */
  reset(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#isDue = false
  }
}
