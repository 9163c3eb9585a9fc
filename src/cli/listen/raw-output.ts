import type { Output } from '../output.ts'
import { escapeControlsInText } from '../terminal/escape-controls.ts'

/** Writes the bytes of responses, in order; for `--format raw`. On a terminal, text from the server is escaped. */
export class RawOutput {
  readonly #output: Output
  /** A promise that is settled when all bytes are written: whether the output is still open. */
  #written = Promise.resolve(true)
  /** The decoder of the response; undefined if the output is not a terminal. */
  #decoder: TextDecoder | undefined

  constructor(output: Output) {
    this.#output = output
  }

  /**
   * Waits until everything is written.
   * @returns whether the output is still open
   * @throws OperationalError
   */
  get written(): Promise<boolean> {
    return this.#written
  }

  /** Begins another response. */
  responded(): void {
    this.#decoder = this.#output.terminal && new TextDecoder(undefined, { ignoreBOM: true })
  }

  /**
   * Writes bytes of the response, after those before them. An error is thrown by `written`.
   * @returns whether the output is still open
   */
  write(bytes: Buffer): Promise<boolean> {
    const text = this.#decoder ? escapeControlsInText(this.#decoder.decode(bytes, { stream: true })) : bytes
    this.#written = this.#written.then((isOpen) => isOpen && this.#output.write(text))
    return this.#written.catch(() => false)
  }
}
