const replacement = Buffer.from('\uFFFD')

/**
 * Returns the offset of the first byte that is not part of a UTF-8 character, or undefined if there is none. A character
 * that is incomplete at the end is valid: more bytes may follow.
 */
export function findInvalidByte(bytes: Buffer): number | undefined {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes, { stream: true })
  let offset = 0
  let from = 0
  for (let index = text.indexOf('\uFFFD'); index !== -1; index = text.indexOf('\uFFFD', from)) {
    // The text before the replacement character is valid, so its UTF-8 length is that of the bytes.
    offset += Buffer.byteLength(text.slice(from, index))
    if (!bytes.subarray(offset, offset + replacement.length).equals(replacement)) return offset
    offset += replacement.length
    from = index + 1
  }
  return undefined
}
