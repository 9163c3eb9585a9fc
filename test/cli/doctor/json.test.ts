import { expect, test } from 'vitest'
import { checkJson } from '../../../src/cli/doctor/checks/syntax.ts'
import { makeUpExamination, makeUpObservation } from './made-up.ts'

const check = (payload: string) =>
  checkJson(makeUpExamination(makeUpObservation([[0, `data: ${payload.replaceAll('\n', '\ndata: ')}\n\n`]])))

test.each(['{}', '[]', '{"a": [1]}', '[1, 2]', '[-1.5]', '["a"]', '{\n"a": 1\n}'])('%j is JSON', (payload) => {
  expect(check(payload)).toEqual({ status: 'ok', seen: '1 payload, all parse' })
})

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
])('%j would be JSON, but for a mistake', (payload) => {
  expect(check(payload)).toMatchObject({ status: 'fail', seen: expect.stringMatching(/^1 of 1 payload do/) })
})

test.each(['[DONE]', '[12:30] begun', '[1] begun [2]', '{name} has come', 'hello', '1', '"text', '', '[INFO] {"a"'])(
  '%j is something else',
  (payload) => {
    expect(check(payload)).toEqual({ status: 'ok', seen: 'no payload looks like JSON' })
  },
)
