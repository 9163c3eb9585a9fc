/** The code points of a text; a surrogate that has no partner becomes U+FFFD. */
function toCodePoints(text: string): number[] {
  return Array.from(text, (character) => {
    const codePoint = character.codePointAt(0) as number
    return codePoint >= 0xd800 && codePoint <= 0xdfff ? 0xfffd : codePoint
  })
}

/**
 * The UTF-8 bytes of a text.
 * {@link https://encoding.spec.whatwg.org/#utf-8-encoder}
 */
export function encodeUtf8(text: string): number[] {
  return toCodePoints(text).flatMap((codePoint) => {
    if (codePoint < 0x80) return [codePoint]
    if (codePoint < 0x800) return [0xc0 | (codePoint >> 6), continuation(codePoint)]
    if (codePoint < 0x10000) return [0xe0 | (codePoint >> 12), continuation(codePoint >> 6), continuation(codePoint)]
    return [
      0xf0 | (codePoint >> 18),
      continuation(codePoint >> 12),
      continuation(codePoint >> 6),
      continuation(codePoint),
    ]
  })
}

function continuation(bits: number): number {
  return 0x80 | (bits & 0x3f)
}

/** The part of TextEncoder that is used here. Only newer versions of Hermes have a TextEncoder. */
export class TextEncoder {
  encode(text: string): Uint8Array {
    return Uint8Array.from(encodeUtf8(text))
  }
}
