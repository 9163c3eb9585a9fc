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

test('An incomplete line is a warning after complete events, because a proxy may hold the rest back', () => {
  expect(find('events', [[10, 'data: 1']], { duration: 10_000 })).toMatchObject({
    status: 'fail',
    fix: expect.stringMatching(/or a proxy holds the rest of the line back$/),
  })
  const pieces: Piece[] = [
    [5, 'data: 0\n\n'],
    [10, 'data: 1'],
  ]
  expect(find('blank-line', pieces, { duration: 10_000 })).toMatchObject({
    status: 'warn',
    message: 'a line of data was still incomplete after 10 s',
  })
})

/** Creates writes at regular times, the first one after one interval. */
const every = (interval: number, times: number, text: (number: number) => string): Piece[] =>
  Array.from({ length: times }, (_, index) => [(index + 1) * interval, text(index + 1)] as const)

test.for<[name: string, pieces: readonly Piece[]]>([
  ['a large event in many packets', [[0, 'data: 1\n\n'], ...every(20, 400, () => 'x'.repeat(1_400))]],
  ['an event that is not complete yet', [...every(500, 10, (number) => `data: ${number}\n\n`), [5_400, 'data: {"a"']]],
  ['comments', [[0, 'data: 1\n\n'], ...every(1_000, 9, () => ':\n\n')]],
  ['blank lines as keep-alives', [[0, 'data: 1\n\n'], ...every(1_000, 9, () => '\n')]],
  ['ids between events', every(1_000, 9, (number) => `id: ${number}\n\n${number % 4 === 1 ? 'data: 1\n\n' : ''}`)],
  [
    'pieces of a buffer',
    every(1_000, 9, (number) => (number % 4 === 0 ? `${'x'.repeat(500)}\n\ndata: ` : 'x'.repeat(512))).map(
      ([at, text], index) => [at, index === 0 ? `data: ${text}` : text] as const,
    ),
  ],
])('A stream with %s is not one without events', ([, pieces]) => {
  expect(find('events', pieces)?.status).toBe('ok')
})

test('A name without data is a keep-alive, unless it comes with an event that has no name', () => {
  const pings: Piece[] = [
    [0, 'event: ping\n\n'],
    [400, 'data: 1\n\n'],
    [900, 'event: ping\n\n'],
    [1_200, 'data: 2\n\n'],
  ]
  expect(find('events', pings)?.status).toBe('ok')
  const [first, second, ...rest] = pings
  if (!first || !second) throw new Error('no pings')
  expect(find('events', [[390, first[1]], second, ...rest])?.status).toBe('warn')
})

test.for([
  ['event: open\ndata: 1\n\n', 'warn'],
  ['data: data: 1\n\n', 'fail'],
  ['data: event: tick\ndata: data: 1\n\n', 'fail'],
  ['data: data:,hello\n\n', 'ok'],
  ['data: kind: ConfigMap\ndata: data:\ndata:   key: 1\n\n', 'ok'],
  ['event: error\ndata\n\n', 'ok'],
] as const)('The event %j has the result %s', ([text, status]) => {
  expect(find('events', [[0, text]])?.status).toBe(status)
})

test('One line that continues after the last event may be a large event on a slow network', () => {
  const pieces: Piece[] = [[0, 'data: 1\n\n'], [300, 'data: '], ...every(600, 9, () => 'x'.repeat(1_400))]
  expect(find('events', pieces)).toMatchObject({
    status: 'warn',
    message: expect.stringMatching(/^12,606 bytes after/),
  })
})

test('A reconnection time alone is a warning, unless comments show that there is nothing to send', () => {
  expect(find('events', [[0, 'retry: 3000\n\n']], { duration: 10_000 })).toMatchObject({
    status: 'warn',
    message: 'no event in 10 s, only "retry: 3000\\n\\n"',
    fix: expect.stringMatching(/--seconds 60/),
  })
  const keptAlive: Piece[] = [[0, 'retry: 3000\n\n'], ...every(4_000, 2, () => ':\n\n')]
  expect(find('events', keptAlive, { duration: 10_000 })).toMatchObject({
    status: 'skip',
    message: 'no event arrived in 10 s',
  })
})

test('A server with HTTP/1.1 is a warning, unless it is on this machine or the request is a POST', () => {
  const observation = createObservation([[10, 'data: 1\n\n']])
  const examination = createExamination(observation)
  const check = (changes: Partial<typeof examination>) =>
    runChecks({ ...examination, ...changes }).find(({ check }) => check === 'connection-limit')?.status
  expect(check({})).toBe('warn')
  expect(check({ url: new URL('http://localhost:3000/') })).toBe('skip')
  expect(check({ method: 'POST' })).toBe('skip')
})

test.for([
  [60_400, /^closed after 60 s of silence, the idle timeout of nginx/],
  [100_100, /^closed after 100 s of silence, the idle timeout of Cloudflare$/],
  [20_000, /^closed after 20 s of silence$/],
] as const)('A connection that is closed after %d ms of silence suggests an idle timeout', ([duration, message]) => {
  for (const end of [{ kind: 'ended' }, { kind: 'failed', error: new Error('other side closed') }] as const) {
    expect(find('connection', [[0, 'data: 1\n\n']], { duration, end })).toMatchObject({
      status: 'fail',
      message: expect.stringMatching(message),
    })
  }
})

test('A lost connection is described once', () => {
  const error = Object.assign(new Error('the connection was closed before the end of the response'), {
    code: 'ECONNRESET',
  })
  expect(find('connection', [[0, 'data: 1\n\n']], { duration: 3_000, end: { kind: 'failed', error } })?.message).toBe(
    'lost after 3 s: the connection was closed before the end of the response',
  )
})

test('The last of several reconnection times is checked', () => {
  expect(find('retry', [[10, 'retry: 1\n\nretry: 2\n\nretry: 3\n\nretry: 4000\n\n']])?.message).toBe('4,000 ms')
})

test('Control characters of a server do not reach the terminal', () => {
  const subject = { url: 'http://feed.example/', method: 'GET', origin: null, seconds: 10 }
  const text = formatText({
    subject,
    servers: [],
    findings: [{ check: 'cache-control', status: 'warn', message: 'no\u009b31m\u001b[0m', fix: 'a\u202eb' }],
  })
  expect(text).toContain('no\\u009b31m\\u001b[0m\n')
  expect(text).toContain('fix: a\\u202eb\n')
})
