import type { Fetch } from '../options.ts'

// Takes the place of fetch.server.ts in the build for browsers.

// Declared as a function, as esbuild leaves out the calls of those that only return what they are given.
export function adaptFetch(fetch: Fetch): Fetch {
  return fetch
}

export function refuseDispatcher(): void {}
