import { expect, test } from 'vitest'
import { type CheckName, type Finding, runChecks } from '../../../src/cli/doctor/checks.ts'
import { formatText } from '../../../src/cli/doctor/report.ts'
import { type MadeUp, makeUpExamination, makeUpObservation, type Piece } from './made-up.ts'

function find(name: CheckName, pieces: readonly Piece[], given?: MadeUp): Finding | undefined {
  return runChecks(makeUpExamination(makeUpObservation(pieces, given))).find(({ check }) => check === name)
}

test('more events than a function takes arguments are judged, too', { timeout: 240_000 }, () => {
  const missed = 'data\n\n'.repeat(200_000)
  const findings = runChecks(
    makeUpExamination(
      makeUpObservation([
        [10, missed],
        [1_000, 'data: 1\n\n'],
        [2_000, 'data: 2\n\n'],
      ]),
    ),
  )
  expect(findings.filter(({ status }) => status === 'fail')).toEqual([])
})

test('a line that has not ended may be cut off by a proxy', () => {
  expect(find('blank-line', [[10, 'data: 1']], { duration: 10_000 })).toMatchObject({
    status: 'warn',
    seen: 'a line of data had not ended after 10 s',
  })
})

test('of several reconnection times, the last one counts', () => {
  expect(find('retry', [[10, 'retry: 1\n\nretry: 2\n\nretry: 3\n\nretry: 4000\n\n']])?.seen).toBe('4,000 ms')
})

test('nothing that a server says takes hold of the terminal', () => {
  const subject = { url: 'http://feed.example/', method: 'GET', origin: null, seconds: 10 }
  const text = formatText(subject, [
    { check: 'cache-control', status: 'warn', seen: 'no\u009b31m\u001b[0m', mend: 'a\u202eb' },
  ])
  expect(text).toContain('no\\u009b31m\\u001b[0m\n')
  expect(text).toContain('mend: a\\u202eb\n')
})
