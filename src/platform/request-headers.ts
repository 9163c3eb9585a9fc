import type { RequestHeaders } from './platform.ts'

export function createHeaders(init?: Iterable<readonly [string, string]>): RequestHeaders {
  return new Headers(init as [string, string][] | undefined)
}
