import { decodeUtf8 } from '../../fixtures/streams/reference.ts'

/**
 * Returns all types of events to listen for, whichever client interprets the stream: everything that a line has after "event",
 * whether or not the standard treats that as the name of a field.
 */
export function eventTypesOf(bytes: Uint8Array): string[] {
  const lines = decodeUtf8(bytes).split(/[\r\n]/)
  const values = lines.flatMap((line) =>
    Array.from(line.matchAll(/event/g), ({ index }) => line.slice(index + 'event'.length)),
  )
  const variants = values.flatMap((value) => [value, value.replace(/^:/, ''), value.replace(/^: /, '')])
  return [...new Set(['message', 'open', 'error', ...variants, ...variants.map((value) => value.replaceAll('\0', ''))])]
}
