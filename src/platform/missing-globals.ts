/** Finds the first name whose type, told by `typeof`, is undefined. */
export function findUndefined(types: Readonly<Record<string, string>>): string | undefined {
  return Object.entries(types).find(([, type]) => type === 'undefined')?.[0]
}

export function findMissingGlobal(): string | undefined {
  return findUndefined({
    TextDecoder: typeof TextDecoder,
    TextEncoder: typeof TextEncoder,
    Headers: typeof Headers,
    AbortController: typeof AbortController,
  })
}
