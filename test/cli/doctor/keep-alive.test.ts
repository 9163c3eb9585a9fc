import { describe, expect, test } from 'vitest'
import { checkKeepAlive } from '../../../src/cli/doctor/checks/keep-alive.ts'
import { createExamination, createObservation, type Piece } from './synthetic.ts'

const everySeconds = (seconds: number, text: string, times: number): Piece[] =>
  Array.from({ length: times }, (_, index) => [(index + 1) * seconds * 1_000, text] as const)

const check = (pieces: readonly Piece[], duration: number, idleTimeout?: number) =>
  checkKeepAlive({ ...createExamination(createObservation(pieces, { duration })), idleTimeout })

const fix = expect.stringMatching(/comment line.+about every 15 s/)

describe('The check keep-alive measures silences', () => {
  test('A comment every 15 s passes', () => {
    expect(check(everySeconds(15, ':\n\n', 4), 60_000)).toEqual({ status: 'ok', message: 'a comment every 15 s' })
  })

  test('A comment every 100 s fails', () => {
    expect(check(everySeconds(100, ':\n\n', 4), 400_000)).toEqual({
      status: 'fail',
      message: 'a comment every 100 s; silent for 100 s',
      fix,
    })
  })

  test('Frequent events without comments pass', () => {
    expect(check(everySeconds(2, 'data: 1\n\n', 30), 60_000)).toEqual({
      status: 'ok',
      message: '0 comments in 60 s; silent for 2 s at most',
    })
  })

  test('Rare events without comments are a warning, or fail if the silence is long', () => {
    expect(check([[1_000, 'data: 1\n\n']], 45_000)).toMatchObject({ status: 'warn', fix })
    expect(check([[1_000, 'data: 1\n\n']], 60_000)).toEqual({
      status: 'fail',
      message: '0 comments; silent for 59 s',
      fix,
    })
  })

  test('A silence that comments every 15 s or 30 s would not interrupt is too short to check', () => {
    expect(check([[1_000, 'data: 1\n\n']], 10_000)).toEqual({
      status: 'skip',
      message: '0 comments in 10 s; silent for 9 s, which is too short to check; use --seconds 60',
    })
    expect(check([], 10_000).status).toBe('skip')
    expect(check([[29_000, ':\n\n']], 30_000).status).toBe('skip')
  })

  test('Silence longer than --idle-timeout fails', () => {
    expect(check(everySeconds(15, ':\n\n', 4), 60_000, 20_000).status).toBe('ok')
    expect(check(everySeconds(15, ':\n\n', 4), 60_000, 10_000)).toEqual({
      status: 'fail',
      message: 'a comment every 15 s; silent for 15 s, longer than --idle-timeout',
      fix,
    })
  })
})
