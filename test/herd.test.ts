import { describe, expect, it } from 'vitest'
import { fixedDelay, peakAfter, simulateHerd } from '../fixtures/herd/simulation.ts'
import { seededRandom } from '../fixtures/seeded-random.ts'

const downtime = 60_000
const herd = { clients: 10_000, downtime, duration: 120_000 }

describe('10,000 clients reconnect after their server was gone for a minute', () => {
  it.each([1, 2, 3])('The clients come back spread out, and not at once as with a fixed delay (seed %d)', (seed) => {
    const random = seededRandom(seed)
    const ours = simulateHerd({ ...herd, retry: {}, random })
    const fixed = simulateHerd({ ...herd, retry: fixedDelay, random })
    expect(peakAfter(downtime, fixed)).toBe(herd.clients)
    expect(peakAfter(downtime, ours)).toBeLessThan(herd.clients / 10)
  })

  it('The clients are all back within the maximum delay, and send fewer requests until then', () => {
    const ours = simulateHerd({ ...herd, retry: {}, random: seededRandom(4) })
    const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0)
    expect(sum(ours.slice(60, 91))).toBe(herd.clients)
    expect(sum(ours.slice(91))).toBe(0)
    const fixed = simulateHerd({ ...herd, retry: fixedDelay, random: seededRandom(4) })
    expect(sum(ours.slice(0, 60))).toBeLessThan(sum(fixed.slice(0, 60)) / 2)
  })
})
