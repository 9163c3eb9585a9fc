import { encodeUtf8 } from './utf8.ts'

function hex(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
}

/**
 * "UTF-8 percent-encode".
 * @param encoded matches each character to encode; needs the flag g
 */
export function percentEncode(text: string, encoded: RegExp): string {
  return text.replace(encoded, (character) => encodeUtf8(character).map(hex).join(''))
}

/** "Percent-decode", then "UTF-8 decode"; text whose bytes are not UTF-8 is returned unchanged. */
export function percentDecode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
