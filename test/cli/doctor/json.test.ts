import { expect, test } from 'vitest'
import { checkJson } from '../../../src/cli/doctor/checks/syntax.ts'
import { createExamination, createObservation } from './synthetic.ts'

const check = (payload: string) =>
  checkJson(createExamination(createObservation([[0, `data: ${payload.replaceAll('\n', '\ndata: ')}\n\n`]])))

test.each(['{}', '[]', '{"a": [1]}', '[1, 2]', '[-1.5]', '["a"]', '{\n"a": 1\n}'])(
  'The payload %j is valid JSON',
  (payload) => {
    expect(check(payload)).toEqual({ status: 'ok', message: '1 payload, all valid' })
  },
)

test.each([
  "{'a': 1}",
  '{a: 1}',
  '{"a": 1',
  '["a",',
  "['a']",
  '[1, 2',
  '{"a": NaN}',
  '{"a": 1}}',
  '[{"a": undefined}]',
])('The payload %j is JSON with a mistake', (payload) => {
  expect(check(payload)).toMatchObject({
    status: 'fail',
    message: expect.stringMatching(/^1 of 1 payload not valid: /),
  })
})

test.each([
  '[DONE]',
  '[12:30] started',
  '[1] started [2]',
  '{name} has arrived',
  '{name} has joined room {1}',
  '{name}: see {link}',
  '{greeting}',
  '[{name}] hello',
  'hello',
  '1',
  '"text',
  '',
  '[INFO] {"a"',
])('The payload %j is not meant to be JSON', (payload) => {
  expect(check(payload)).toEqual({ status: 'ok', message: 'no JSON payloads' })
})
