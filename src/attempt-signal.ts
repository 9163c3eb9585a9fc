import type { Signal } from './transport/transport.ts'

/** The signal of an attempt: aborted from its end on, whatever ended it. */
export class AttemptSignal implements Signal {
  aborted = false
  hasTimedOut = false
  /** Set by the transport. */
  onabort?: () => void
  /** The controller of that signal, which is created only if a function asks for the signal. */
  #controller: AbortController | undefined

  /** The signal that the caller's functions get. */
  get forCaller(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.aborted) this.#controller.abort()
    return this.#controller.signal
  }

  abort(): void {
    this.aborted = true
    this.onabort?.()
    this.#controller?.abort()
  }
}
