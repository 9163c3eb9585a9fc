import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { copyHeaders } from '../../src/options/headers.ts'

import { errorOf, read } from './read.ts'

describe('Headers are read and validated', () => {
  it.each([
    ['an object', { A: '1', b: '2' }],
    [
      'pairs',
      [
        ['A', '1'],
        ['b', '2'],
      ],
    ],
    [
      'a Map',
      new Map([
        ['A', '1'],
        ['b', '2'],
      ]),
    ],
    ['Headers', new Headers({ A: '1', b: '2' })],
  ] as [string, HeadersInit][])('Headers are read from %s', (_, init) => {
    const { headers } = read({ headers: init })
    expect([...(headers as Headers)]).toEqual([
      ['a', '1'],
      ['b', '2'],
    ])
  })

  it('Two values of one header name are preserved', () => {
    expect(
      copyHeaders([
        ['a', '1'],
        ['A', '2'],
      ]).get('a'),
    ).toBe('1, 2')
  })

  it('Headers are copied, so that later changes of the caller have no effect', () => {
    const given = new Headers({ a: '1' })
    const { headers } = read({ headers: given })
    given.set('a', '2')
    expect((headers as Headers).get('a')).toBe('1')
  })

  it.each([undefined, null])('Headers that are %s are empty', (init) => {
    expect([...copyHeaders(init)]).toEqual([])
  })

  it.each([
    ['a: b', 'headers: a string, not pairs of name and value'],
    [5, 'headers: a number, not pairs of name and value'],
    [['a: b'], 'headers: a string, not pairs of name and value'],
    [[['a', 'b'], 7], 'headers: a number, not pairs of name and value'],
    [[null], 'headers: a object, not pairs of name and value'],
    [{ 'X-Key': undefined }, 'headers: X-Key is undefined, not a string'],
    [{ 'X-Key': null }, 'headers: X-Key is null, not a string'],
    [[['X-Key']], 'headers: X-Key is undefined, not a string'],
  ])('Headers that are %o are a TypeError that says what headers are', (init, message) => {
    const error = errorOf(() => copyHeaders(init as unknown as HeadersInit))
    expect(error).toBeInstanceOf(TypeError)
    expect(error.message).toBe(message)
  })

  it('The error about an invalid header contains its name and never its value', () => {
    const secret = 'sesame\nopen'
    const anyName = fc.oneof(fc.constantFrom('a', 'X-Key', 'a b', 'é', '', 'a:', '\n'), fc.string())
    const anyValue = fc.oneof(fc.constantFrom('', 'a', 'é', ' a ', 'a\tb', 'ā', 'a\r', 'a\0', secret), fc.string())
    fc.assert(
      fc.property(anyName, anyValue, (name, value) => {
        const isAllowed = /^[\w!#$%&'*+.^`|~-]+$/.test(name) && !/[^\0-\xff]|[\0\r\n]/.test(value.trim())
        if (isAllowed) {
          expect([...copyHeaders([[name, value]])]).toHaveLength(1)
          return
        }
        const error = errorOf(() => copyHeaders([[name, value]]))
        expect(error).toBeInstanceOf(TypeError)
        expect(error.message).toContain(JSON.stringify(name))
        expect(error.message).toMatch(/^headers .*Latin-1 value free of CR, LF and NUL$/)
        expect(error.message).not.toContain('sesame')
      }),
      { numRuns: 500 },
    )
  })
})
