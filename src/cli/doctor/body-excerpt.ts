import type { Arrival } from './recording.ts'

/** The number of bytes that are searched for a mistake. */
const maxSearched = 4_096

/** Returns the bytes of a body from an offset on, as many as are searched for a mistake. */
export function readExcerpt(body: readonly Arrival[], offset = 0): Buffer {
  const pieces: Buffer[] = []
  let position = 0
  for (const { bytes } of body) {
    const end = position + bytes.length
    if (end > offset) pieces.push(bytes.subarray(Math.max(0, offset - position)))
    position = end
    if (position >= offset + maxSearched) break
  }
  return Buffer.concat(pieces).subarray(0, maxSearched)
}

/** Matches a line that is neither blank nor a comment, or that would be part of an event without its first colon. */
const contentPattern = /^[^:\r\n]|^:[ \t]*(?:data|event)[ \t]*:/m

/**
 * Finds the first line that is neither blank nor a comment. A field with a stray colon before its name does not count
 * as a comment here, although clients treat it as one.
 * @returns the offset of the line in bytes, or undefined if there is none
 */
export function findContent(body: readonly Arrival[], offset = 0): number | undefined {
  const bytes = Buffer.concat(body.map((arrival) => arrival.bytes))
  // Clients ignore a byte order mark at the beginning.
  const start = offset === 0 && bytes.subarray(0, 3).equals(byteOrderMark) ? 3 : offset
  const index = bytes.toString('latin1', start).search(contentPattern)
  return index === -1 ? undefined : start + index
}

const byteOrderMark = Buffer.from('\uFEFF')

/** Returns the lines of a text that `findContent` would find. */
export function contentLines(text: string): readonly string[] {
  return text.split(/\r\n|\r|\n/).filter((line) => contentPattern.test(line))
}
