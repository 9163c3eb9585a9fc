import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { judge } from './judge.ts'

const clean = { lost: 0, doubled: 0, outOfOrder: 0, redelivered: 0 }

describe('the judge', () => {
  it('has nothing to say of each event once, in order', () => {
    expect(judge([[1, 100]], 100, [])).toEqual(clean)
  })

  it('blames the server for what it delivered again', () => {
    const redeliveries = [{ asked: 50, given: 40 }]
    expect(
      judge(
        [
          [1, 50],
          [41, 100],
        ],
        100,
        redeliveries,
      ),
    ).toEqual({ ...clean, redelivered: 10 })
  })

  it('does not mind redeliveries that brought nothing, nor one cut short and followed by another', () => {
    const redeliveries = [
      { asked: 20, given: 10 },
      { asked: 50, given: 40 },
      { asked: 45, given: 44 },
    ]
    expect(
      judge(
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

  it('blames the client for a step back that the server knows nothing of', () => {
    expect(
      judge(
        [
          [1, 50],
          [41, 100],
        ],
        100,
        [],
      ),
    ).toEqual({ ...clean, doubled: 10 })
    expect(
      judge(
        [
          [1, 50],
          [41, 100],
        ],
        100,
        [{ asked: 50, given: 41 }],
      ),
    ).toEqual({ ...clean, doubled: 10 })
    expect(
      judge(
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
      doubled: 20,
    })
  })

  it('tells an event doubled by the client from the redelivered ones around it', () => {
    expect(
      judge(
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
      doubled: 1,
    })
  })

  it('notices what is lost, at the end too, and what comes late', () => {
    expect(
      judge(
        [
          [1, 50],
          [53, 100],
        ],
        100,
        [],
      ),
    ).toEqual({ ...clean, lost: 2 })
    expect(judge([[1, 90]], 100, [])).toEqual({ ...clean, lost: 10 })
    expect(
      judge(
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

  it('counts exactly what was left out, and what was handed on twice', () => {
    const events = fc.array(fc.constantFrom(0, 1, 2), { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(events, (times) => {
        const sequences = times.flatMap((count, index) => Array(count).fill([index + 1, index + 1] as const))
        expect(judge(sequences, times.length, [])).toEqual({
          ...clean,
          lost: times.filter((count) => count === 0).length,
          doubled: times.filter((count) => count === 2).length,
        })
      }),
    )
  })
})
