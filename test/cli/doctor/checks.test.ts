import { expect, test } from 'vitest'
import { type CheckName, type Finding, runChecks } from '../../../src/cli/doctor/checks.ts'
import { formatText } from '../../../src/cli/doctor/report.ts'
import { createExamination, createObservation, type Piece, type SyntheticOptions } from './synthetic.ts'

function find(name: CheckName, pieces: readonly Piece[], given?: SyntheticOptions): Finding | undefined {
  return runChecks(createExamination(createObservation(pieces, given))).find(({ check }) => check === name)
}

test('More events are checked than a function takes arguments', { timeout: 240_000 }, () => {
  const ignored = 'data\n\n'.repeat(200_000)
  const findings = runChecks(
    createExamination(
      createObservation([
        [10, ignored],
        [1_000, 'data: 1\n\n'],
        [2_000, 'data: 2\n\n'],
      ]),
    ),
  )
  expect(findings.filter(({ status }) => status === 'fail')).toEqual([])
})

test('An incomplete line is a warning, because a proxy may hold the rest back', () => {
  expect(find('blank-line', [[10, 'data: 1']], { duration: 10_000 })).toMatchObject({
    status: 'warn',
    message: 'a line of data was still incomplete after 10 s',
  })
})

test('The last of several reconnection times is checked', () => {
  expect(find('retry', [[10, 'retry: 1\n\nretry: 2\n\nretry: 3\n\nretry: 4000\n\n']])?.message).toBe('4,000 ms')
})

test('Control characters of a server do not reach the terminal', () => {
  const subject = { url: 'http://feed.example/', method: 'GET', origin: null, seconds: 10 }
  const text = formatText(subject, [
    { check: 'cache-control', status: 'warn', message: 'no\u009b31m\u001b[0m', fix: 'a\u202eb' },
  ])
  expect(text).toContain('no\\u009b31m\\u001b[0m\n')
  expect(text).toContain('fix: a\\u202eb\n')
})
