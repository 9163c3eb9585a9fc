import fc from 'fast-check'
import { expect, test } from 'vitest'
import { btoa as ownBtoa } from '../../../src/react-native/base64.ts'
import { createDecoder } from '../../../src/react-native/platform.ts'
import { TextChunk } from '../../../src/react-native/text-chunk.ts'
import { TextEncoder as OwnTextEncoder } from '../../../src/react-native/utf8.ts'

const anyText = fc.string({ unit: fc.constantFrom('a', 'é', '名', '🦄', '\uD83E', '\uDD84', '\u0000', '\u{10FFFF}') })

test('Text is encoded as UTF-8, and a surrogate without its partner as U+FFFD', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      expect([...new OwnTextEncoder().encode(text)]).toEqual([...new TextEncoder().encode(text)])
    }),
  )
})

test('Byte strings are encoded as Base64', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const byteString = String.fromCharCode(...bytes)
      expect(ownBtoa(byteString)).toBe(btoa(byteString))
    }),
  )
})

test('Text that arrives decoded loses one byte order mark at its beginning, and keeps every other', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('', '\uFEFF', 'data', '\uFEFF\uFEFF')), (chunks) => {
      const decode = createDecoder()
      const text = chunks.map((chunk) => decode(new TextChunk(chunk) as unknown as Uint8Array)).join('')
      expect(text).toBe(chunks.join('').replace(/^\uFEFF/, ''))
    }),
  )
})

test('Bytes of a fetch that streams are decoded over chunks', () => {
  const decode = createDecoder()
  const bytes = new TextEncoder().encode('\uFEFFa名🦄')
  expect([...bytes].map((byte) => decode(Uint8Array.of(byte))).join('')).toBe('a名🦄')
})
