import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkEvents } from './check-events.ts'

const clean = { lost: 0, duplicated: 0, outOfOrder: 0, redelivered: 0 }

describe('The check of received events counts errors of the client', () => {
  it('No error is counted if each event came once and in order', () => {
    expect(checkEvents([[1, 100]], 100, [])).toEqual(clean)
  })

  it('Events that the server delivered again are not counted as errors', () => {
    const redeliveries = [{ asked: 50, given: 40 }]
    expect(
      checkEvents(
        [
          [1, 50],
          [41, 100],
        ],
        100,
        redeliveries,
      ),
    ).toEqual({ ...clean, redelivered: 10 })
  })

  it('Redeliveries that brought nothing, or that another one interrupted, are not counted as errors', () => {
    const redeliveries = [
      { asked: 20, given: 10 },
      { asked: 50, given: 40 },
      { asked: 45, given: 44 },
    ]
    expect(
      checkEvents(
        [
          [1, 50],
          [41, 45],
          [45, 100],
        ],
        100,
        redeliveries,
      ),
    ).toEqual({ ...clean, redelivered: 11 })
  })

  it('A step back that the server has no record of is counted as an error', () => {
    expect(
      checkEvents(
        [
          [1, 50],
          [41, 100],
        ],
        100,
        [],
      ),
    ).toEqual({ ...clean, duplicated: 10 })
    expect(
      checkEvents(
        [
          [1, 50],
          [41, 100],
        ],
        100,
        [{ asked: 50, given: 41 }],
      ),
    ).toEqual({ ...clean, duplicated: 10 })
    expect(
      checkEvents(
        [
          [1, 50],
          [41, 60],
          [41, 100],
        ],
        100,
        [{ asked: 50, given: 40 }],
      ),
    ).toEqual({
      ...clean,
      redelivered: 10,
      duplicated: 20,
    })
  })

  it('An event that the client duplicated is distinguished from the redelivered ones around it', () => {
    expect(
      checkEvents(
        [
          [1, 50],
          [41, 45],
          [45, 100],
        ],
        100,
        [{ asked: 50, given: 40 }],
      ),
    ).toEqual({
      ...clean,
      redelivered: 10,
      duplicated: 1,
    })
  })

  it('Lost events, also at the end, and late events are counted', () => {
    expect(
      checkEvents(
        [
          [1, 50],
          [53, 100],
        ],
        100,
        [],
      ),
    ).toEqual({ ...clean, lost: 2 })
    expect(checkEvents([[1, 90]], 100, [])).toEqual({ ...clean, lost: 10 })
    expect(
      checkEvents(
        [
          [2, 2],
          [1, 1],
          [3, 100],
        ],
        100,
        [],
      ),
    ).toEqual({ ...clean, outOfOrder: 1 })
  })

  it('Lost and duplicated events are counted exactly', () => {
    const events = fc.array(fc.constantFrom(0, 1, 2), { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(events, (times) => {
        const sequences = times.flatMap((count, index) => Array(count).fill([index + 1, index + 1] as const))
        expect(checkEvents(sequences, times.length, [])).toEqual({
          ...clean,
          lost: times.filter((count) => count === 0).length,
          duplicated: times.filter((count) => count === 2).length,
        })
      }),
    )
  })
})
