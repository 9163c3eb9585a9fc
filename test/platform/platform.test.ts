import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import * as browser from '../../src/platform/browser.ts'
import * as server from '../../src/platform/default.ts'
import type { EventHandlers } from '../../src/platform/platform.ts'

afterEach(() => {
  vi.unstubAllGlobals()
  vi.resetModules()
})

/** Complete and partial UTF-8 sequences, especially of the byte order mark. */
const anyPiece = fc
  .constantFrom(
    'EF BB BF',
    'EF BB BF',
    'EF BB',
    'EF',
    'BB',
    'BF',
    '61',
    'C3 A9',
    'E2 82',
    'AC',
    'F0 9F A6 84',
    'FF',
    '0A',
    '',
  )
  .map((hexadecimal) => Buffer.from(hexadecimal.replaceAll(' ', ''), 'hex'))

describe.each([
  ['for servers', server],
  ['for browsers', browser],
])('The decoder %s decodes UTF-8', (_, { createDecoder }) => {
  it('The decoder decodes bytes in any pieces like the whole, and removes only the first byte order mark', () => {
    fc.assert(
      fc.property(fc.array(anyPiece, { maxLength: 10 }), (pieces) => {
        const decode = createDecoder()
        const decoded = pieces.map((piece) => decode(piece)).join('')
        // The rest of a partial character at the end is awaited.
        expect(decoded).toBe(new TextDecoder().decode(Buffer.concat(pieces), { stream: true }))
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('The decoder for servers does not depend on the platform for byte order marks', () => {
  it("The decoder preserves a byte order mark in a later piece, although the platform's decoder removes it", () => {
    // Deno and workerd do this.
    class EagerDecoder extends TextDecoder {
      override decode(bytes: Uint8Array, options?: TextDecodeOptions): string {
        const text = super.decode(bytes, options)
        return this.ignoreBOM ? text : text.replace(/^\uFEFF/, '')
      }
    }
    vi.stubGlobal('TextDecoder', EagerDecoder)
    const decode = server.createDecoder()
    const mark = Buffer.from('EFBBBF', 'hex')
    expect([mark, mark, Buffer.from('a'), mark].map((piece) => decode(piece))).toEqual(['', '\uFEFF', 'a', '\uFEFF'])
  })
})

describe('Event handlers are adapted to the platform', () => {
  const handlers: EventHandlers = { get: () => null, set() {}, dispatch() {} }

  it('Handlers are not changed where the platform does not call them', () => {
    expect(server.adaptEventHandlers(handlers)).toBe(handlers)
    expect(browser.adaptEventHandlers(handlers)).toBe(handlers)
  })

  it('Handlers are hidden for the one read of their type at the start of a dispatch where the platform reads them', async () => {
    // workerd does this.
    class ReadingEventTarget extends EventTarget {
      override dispatchEvent(event: Event): boolean {
        Reflect.get(this, `on${event.type}`)
        return super.dispatchEvent(event)
      }
    }
    vi.stubGlobal('EventTarget', ReadingEventTarget)
    vi.resetModules()
    const { adaptEventHandlers } = await import('../../src/platform/default.ts')
    const handler = (): void => {}
    const read: unknown[] = []
    const adapted: EventHandlers = adaptEventHandlers({
      get: (type) => (type === 'ring' ? handler : null),
      set() {},
      dispatch: () => read.push(adapted.get('ring'), adapted.get('ring'), adapted.get('ring')),
    })
    expect(adapted.get('ring')).toBe(handler)
    adapted.dispatch(new Event('ring'))
    adapted.dispatch(new Event('message'))
    expect(read).toEqual([null, handler, handler, handler, handler, handler])
  })
})
