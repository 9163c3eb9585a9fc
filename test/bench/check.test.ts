import { describe, expect, it } from 'vitest'
import { findRegressions } from './check.ts'
import type { Entry, Summary } from './results-file.ts'

function entry(ratio: Summary, { subject = 'eventsource 5.1.5', scale = 1 } = {}): Entry {
  return {
    title: 'The flood',
    measuredAt: '2026-11-23T06:10:03.612Z',
    runtime: 'Node 20.20.2',
    machine: 'linux x64',
    rounds: 5,
    scale,
    metrics: { cpu: 'CPU time per event, µs' },
    values: {},
    ratios: { [subject]: { cpu: ratio } },
  }
}

const recorded = entry([0.7, 0.6, 0.9])

describe('A ratio is compared with the ratio on record, 0.7 (0.6–0.9)', () => {
  it.each([0.5, 0.7, 0.89, 0.9])('The ratio %s is within the spread, or better', (median) => {
    expect(findRegressions('flood', entry([median, 0.1, 5]), recorded)).toEqual([])
  })

  it('The ratio 0.91 is worse, and the line says by how much', () => {
    expect(findRegressions('flood', entry([0.91, 0.9, 0.95]), recorded)).toEqual([
      'flood: CPU time per event, µs: everysource ÷ eventsource 5.1.5 is 0.910, on record 0.700 (0.600–0.900)',
    ])
  })

  it('A ratio to another version of the peer, or at another scale, is not compared', () => {
    expect(findRegressions('flood', entry([3, 3, 3], { subject: 'eventsource 5.2.0' }), recorded)).toEqual([])
    expect(findRegressions('flood', entry([3, 3, 3], { scale: 0.1 }), recorded)).toEqual([])
  })
})

it('A workload without a record has no regressions', () => {
  expect(findRegressions('flood', entry([3, 3, 3]), undefined)).toEqual([])
})
