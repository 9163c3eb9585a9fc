import { writeSync } from 'node:fs'

/**
 * Writes the whole text. One call of `writeSync` is not enough: when a disk fills up, it writes a part of the text, and
 * only the next call throws.
 * @param onFailure a function that is called before the error is thrown, with the number of bytes that were written
 */
export function writeFully(file: number, text: string | Uint8Array, onFailure?: (written: number) => void): void {
  const bytes: Uint8Array = Buffer.from(text)
  let written = 0
  try {
    while (written < bytes.length) written += writeSync(file, bytes, written)
  } catch (error) {
    onFailure?.(written)
    throw error
  }
}
