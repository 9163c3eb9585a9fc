import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HeaderList } from '../../src/node/header-list.ts'

const name = fc.constantFrom('Accept', 'accept', 'Last-Event-ID', 'X-One', 'x-one', 'X-Two')
const value = fc.oneof(
  fc.constantFrom('', 'a', ' a ', '\t b', 'a, b', 'é'),
  fc.string({ unit: fc.constantFrom(...'ab ,;="\t') }),
)
const change = fc.oneof(
  fc.record({ method: fc.constantFrom('set', 'append'), name, value }),
  fc.record({ method: fc.constant('delete'), name }),
)

describe('The headers of a request in Node behave as Headers do', () => {
  it('Every name has the value that it would have in Headers, after any changes', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value)), fc.array(change), (pairs, changes) => {
        const ours = new HeaderList(pairs)
        const standard = new Headers(pairs)
        for (const headers of [ours, standard]) {
          for (const change of changes) {
            if ('value' in change) headers[change.method as 'set'](change.name, change.value)
            else headers.delete(change.name)
          }
        }
        // Headers are sorted by their names, which nothing here needs.
        expect([...ours].sort()).toEqual([...standard].sort())
        for (const [name, value] of standard) expect([ours.has(name), ours.get(name)]).toEqual([true, value])
      }),
    )
  })

  it('A header that is not there is null', () => {
    expect(new HeaderList().get('accept')).toBeNull()
    expect(new HeaderList().has('accept')).toBe(false)
  })

  it('Headers can be created from them', () => {
    const headers = new Headers(new HeaderList([['X-One', '1']]) as unknown as Headers)
    expect(headers.get('x-one')).toBe('1')
  })
})
