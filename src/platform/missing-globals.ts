const required = ['TextDecoder', 'TextEncoder', 'Headers', 'AbortController']

/** Returns the name of the first global that is missing, of those that a source needs; undefined if none is. */
export function findMissingGlobal(names = required): string | undefined {
  return names.find((name) => !(globalThis as Record<string, unknown>)[name])
}
