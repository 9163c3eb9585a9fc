import { buffer } from 'node:stream/consumers'
import { readFileOption } from './file-option.ts'

/**
 * Reads the request body that `-d` gives: a text, a file or standard input.
 * @throws UsageError
 */
export async function readBody(value: string): Promise<Uint8Array<ArrayBuffer>> {
  if (value === '-' || value === '@-') return new Uint8Array(await buffer(process.stdin))
  if (!value.startsWith('@')) return new TextEncoder().encode(value)
  return new Uint8Array(await readFileOption('-d', value.slice(1)))
}

/** Returns the Content-Type of a body that was given without one. */
export function guessContentType(body: Uint8Array): string {
  try {
    JSON.parse(new TextDecoder().decode(body))
    return 'application/json'
  } catch {
    return 'application/x-www-form-urlencoded'
  }
}
