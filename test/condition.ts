/** A condition variable: lets code wait until a predicate holds, which is checked at every signal. */
export class Condition {
  readonly #checks = new Set<() => void>()

  /** Checks all predicates, because something has changed. */
  signal(): void {
    for (const check of [...this.#checks]) check()
  }

  /** Resolves as soon as the predicate holds. */
  until(predicate: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!predicate()) return
        this.#checks.delete(check)
        resolve()
      }
      this.#checks.add(check)
      check()
    })
  }
}
