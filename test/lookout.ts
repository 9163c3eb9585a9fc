/** Lets a test wait until something holds, which is asked whenever there may be news of it. */
export interface Lookout {
  /** There may be news. */
  look(): void
  /** Resolves as soon as it holds. */
  until(holds: () => boolean): Promise<void>
}

export function createLookout(): Lookout {
  const looks = new Set<() => void>()
  return {
    look() {
      for (const each of [...looks]) each()
    },
    until: (holds) =>
      new Promise((resolve) => {
        const each = (): void => {
          if (!holds()) return
          looks.delete(each)
          resolve()
        }
        looks.add(each)
        each()
      }),
  }
}
