import { writeSync } from 'node:fs'

/**
 * Writes the whole text. One call of `writeSync` is not enough: when a disk fills up, it writes a part of the text, and
 * only the next call throws.
 */
export function writeFully(file: number, text: string | Uint8Array): void {
  let rest: Uint8Array = Buffer.from(text)
  while (rest.length > 0) rest = rest.subarray(writeSync(file, rest))
}
