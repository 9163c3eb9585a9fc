import { expect, test } from 'vitest'
import {
  escapeControls,
  escapeControlsInJson,
  escapeControlsInText,
} from '../../../src/cli/terminal/escape-controls.ts'

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

test('Persian and emoji keep the joiners that they are written with', () => {
  for (const text of ['\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645', '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}']) {
    expect(escapeControls(text)).toBe(text)
  }
})

test('A text keeps its lines and tabs', () => {
  expect(escapeControlsInText('a\u001b[31m\tb\r\nc\n')).toBe('a\\u001b[31m\tb\\r\nc\n')
})

test('JSON keeps its values', () => {
  const value = ['\u009b31m', '\u0085', '\u202e', '\u007f', '\ufeff', '\u{e0001}', '\u200d', 'a']
  const escaped = escapeControlsInJson(JSON.stringify(value, undefined, 2))
  expect(escaped).toContain('"\\udb40\\udc01"')
  expect(escaped).not.toMatch(/[\u007f-\u009f\u202e\ufeff]/)
  expect(JSON.parse(escaped)).toEqual(value)
})
