const required = ['TextDecoder', 'TextEncoder', 'Headers', 'AbortController']

/** The first global that is missing of those that a source needs; undefined if there are all. */
export function findMissingGlobal(): string | undefined {
  return required.find((name) => !(globalThis as Record<string, unknown>)[name])
}
