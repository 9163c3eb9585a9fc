import { afterEach, beforeEach, vi } from 'vitest'

/** Lets every test of the file that calls it run with fake timers, and removes stubs of globals afterwards. */
export function useFakeTimers(): void {
  beforeEach(() => {
    vi.useFakeTimers()
  })

  afterEach(() => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
    vi.restoreAllMocks()
  })
}

/** Lets promises settle without any time passing. */
export async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0)
}
