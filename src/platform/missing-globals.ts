/**
 * Finds what every attempt needs and the runtime does not have, such as jsdom. By `typeof`, since a build for a runtime may
 * bind some of the names itself; React Native decodes without a TextDecoder.
 * @returns the name of the missing global; undefined if all are there
 */
export function findMissingGlobal(): string | undefined {
  const isReactNative = globalThis.navigator?.product === 'ReactNative'
  const types = {
    TextDecoder: isReactNative ? '' : typeof TextDecoder,
    TextEncoder: typeof TextEncoder,
    Headers: typeof Headers,
    AbortController: typeof AbortController,
  }
  return Object.entries(types).find(([, type]) => type === 'undefined')?.[0]
}
