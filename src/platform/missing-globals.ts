const required = ['TextDecoder', 'TextEncoder', 'Headers', 'AbortController']

/** Returns the name of the first global that a source needs and that is missing; undefined if none is. */
export function findMissingGlobal(): string | undefined {
  return required.find((name) => !(globalThis as Record<string, unknown>)[name])
}
