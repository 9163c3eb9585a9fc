import fc from 'fast-check'
import { expect, test } from 'vitest'
import { wrap } from '../../../src/cli/terminal/wrap.ts'

test('A text is broken at spaces', () => {
  expect(wrap('one two three four', 9)).toEqual(['one two', 'three', 'four'])
  expect(wrap('one two three four', 9, 4)).toEqual(['one', 'two three', 'four'])
  expect(wrap('three four', 9, 4)).toEqual(['', 'three', 'four'])
  expect(wrap('one two', Infinity)).toEqual(['one two'])
})

test('No line is longer than the width, except for a single long word, and no word is lost', () => {
  const words = fc.array(fc.string({ minLength: 1, unit: fc.constantFrom('a', 'b') }), { minLength: 1 })
  fc.assert(
    fc.property(words, fc.integer({ min: 1, max: 40 }), (given, width) => {
      const lines = wrap(given.join(' '), width)
      expect(lines.join(' ')).toBe(given.join(' '))
      for (const line of lines) expect(line.length <= width || !line.includes(' ')).toBe(true)
    }),
  )
})
