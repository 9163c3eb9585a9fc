import { describe, expect, test } from 'vitest'
import { checkKeepAlive } from '../../../src/cli/doctor/checks/keep-alive.ts'
import { makeUpExamination, makeUpObservation, type Piece } from './made-up.ts'

const everySeconds = (seconds: number, text: string, times: number): Piece[] =>
  Array.from({ length: times }, (_, index) => [(index + 1) * seconds * 1_000, text] as const)

const check = (pieces: readonly Piece[], duration: number, idleTimeout?: number) =>
  checkKeepAlive({ ...makeUpExamination(makeUpObservation(pieces, { duration })), idleTimeout })

const mend = expect.stringMatching(/comment line.+every 15 s/)

describe('keep-alive', () => {
  test('a comment every 15 s', () => {
    expect(check(everySeconds(15, ':\n\n', 4), 60_000)).toEqual({ status: 'ok', seen: 'a comment every 15 s' })
  })

  test('a comment every 100 s', () => {
    expect(check(everySeconds(100, ':\n\n', 4), 400_000)).toEqual({
      status: 'fail',
      seen: 'a comment every 100 s; silent for 100 s',
      mend,
    })
  })

  test('no comment, but so many events that none is needed', () => {
    expect(check(everySeconds(2, 'data: 1\n\n', 30), 60_000)).toEqual({
      status: 'ok',
      seen: 'no comment in 60 s; silent for 2 s at the longest',
    })
  })

  test('no comment, and an event now and then', () => {
    expect(check([[1_000, 'data: 1\n\n']], 10_000)).toMatchObject({ status: 'warn', mend })
    expect(check([[1_000, 'data: 1\n\n']], 60_000)).toEqual({
      status: 'fail',
      seen: '0 comments; silent for 59 s',
      mend,
    })
  })

  test('more silence than the client has patience', () => {
    expect(check(everySeconds(15, ':\n\n', 4), 60_000, 20_000).status).toBe('ok')
    expect(check(everySeconds(15, ':\n\n', 4), 60_000, 10_000)).toEqual({
      status: 'fail',
      seen: 'a comment every 15 s; silent for 15 s, more than --idle-timeout allows',
      mend,
    })
  })
})
