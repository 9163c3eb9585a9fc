import type { Fetch } from '../options.ts'

// Takes the place of fetch.server.ts in the build for browsers.

export const adaptFetch = (fetch: Fetch): Fetch => fetch

export function refuseDispatcher(): void {}
