import { findMissingGlobal as findMissing } from '../platform/missing-globals.ts'
import type { RequestHeaders } from '../platform/platform.ts'
import { HeaderList } from './header-list.ts'

export {
  adaptEventHandlers,
  createDecoder,
  EventBase,
  EventTargetBase,
  isHeader,
  messageEventMembers,
  onAbort,
  showFields,
} from '../platform/default.ts'

export function createHeaders(init?: Iterable<readonly [string, string]>): RequestHeaders {
  return new HeaderList(init)
}

/** Node has all of them, and reading `globalThis.Headers` would load all of `fetch`. */
export function findMissingGlobal(): string | undefined {
  return findMissing(['TextDecoder', 'TextEncoder', 'AbortController'])
}
