import { expect, test } from 'vitest'
import { padColumns, textWidth } from '../../../src/cli/terminal/text-width.ts'

test.for([
  ['plain', 5],
  ['žluťoučký', 9],
  ['z\u030c', 1],
  ['\u65e5\u672c\u8a9e', 6],
  ['\ud55c\uae00', 4],
  ['\uff21\uff22', 4],
  ['\uff76\uff85', 2],
  ['\u{1f984}', 2],
  ['\u0645\u06cc\u200c\u062e', 3],
  ['', 0],
] as const)('The text %j takes %i columns', ([text, width]) => {
  expect(textWidth(text)).toBe(width)
})

test('A text is padded to columns, not to characters', () => {
  expect(padColumns('\u65e5', 4)).toBe('\u65e5  ')
  expect(padColumns('long', 2)).toBe('long')
})
