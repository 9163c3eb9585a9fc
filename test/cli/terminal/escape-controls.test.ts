import { expect, test } from 'vitest'
import { escapeControls } from '../../../src/cli/terminal/escape-controls.ts'

test.for([
  ['\u001b[31m', '\\u001b[31m'],
  ['\u009b31m', '\\u009b31m'],
  ['a\nb\tc', 'a\\nb\\tc'],
  ['\u007f', '\\u007f'],
  ['a\u202eb', 'a\\u202eb'],
  ['\u{e0001}', '\\u{e0001}'],
])('%j is shown as %j', ([text, escaped]) => {
  expect(escapeControls(`${text}`)).toBe(escaped)
})

test('Visible characters are shown unchanged', () => {
  expect(escapeControls('žluťoučký "🦄" \\ \u00a0')).toBe('žluťoučký "🦄" \\ \u00a0')
})
