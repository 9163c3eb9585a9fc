import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'vitest'

/** Waits until a count has increased and then stayed the same for a quarter of a second. */
export async function stalls(count: () => number): Promise<void> {
  let last = -1
  let unchanged = 0
  for (let polls = 0; polls < 300 && unchanged < 10; polls++) {
    await pause(25)
    unchanged = count() === last && last > 0 ? unchanged + 1 : 0
    last = count()
  }
  expect(unchanged, 'the count never stayed as it is').toBe(10)
}
