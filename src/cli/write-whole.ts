import { writeSync } from 'node:fs'

/** Writes a text to the end: a disk that becomes full takes a part of it first, and only then complains. */
export function writeWhole(file: number, text: string): void {
  let rest = Buffer.from(text)
  while (rest.length > 0) rest = rest.subarray(writeSync(file, rest))
}
