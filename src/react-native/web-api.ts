import { btoa as ownBtoa } from './base64.ts'
import { DOMException as OwnDOMException } from './dom-exception.ts'
import { URL as OwnURL } from './url.ts'
import { URLSearchParams as OwnURLSearchParams } from './url-search-params.ts'
import { TextEncoder as OwnTextEncoder } from './utf8.ts'

export { Event, EventTarget } from './runtime-events.ts'

// The globals that some version of React Native lacks, or has in a form that cannot be used: the runtime's own where it
// will do. The build for React Native binds these names in every module of this package; nothing is ever put on the
// global object.

/** Whether the global URL is one of the standard, as an app or Expo installs it. React Native's own is not. */
function hasStandardUrl(): boolean {
  try {
    const url = new globalThis.URL('http://a:b@C:80/d/../e f?g')
    url.username = ''
    url.password = ''
    url.search = '?h'
    if (url.href !== 'http://c/e%20f?h') return false
  } catch {
    return false
  }
  try {
    return !new globalThis.URL('http://this is invalid/')
  } catch {
    return true
  }
}

const isUrlStandard = /* @__PURE__ */ hasStandardUrl()

// Not `Symbol.asyncIterator`, which the build replaces by what is exported below.
const { asyncIterator: ownAsyncIterator } = Symbol

// The classes that take the place of a global have the members that are used here, not all that lib.dom declares.
type Globals = typeof globalThis

export const URL = (isUrlStandard ? globalThis.URL : OwnURL) as Globals['URL']
export const URLSearchParams = (
  isUrlStandard ? globalThis.URLSearchParams : OwnURLSearchParams
) as Globals['URLSearchParams']
export const DOMException = globalThis.DOMException ?? (OwnDOMException as unknown as Globals['DOMException'])
export const TextEncoder = globalThis.TextEncoder ?? (OwnTextEncoder as unknown as Globals['TextEncoder'])
export const btoa = globalThis.btoa ?? ownBtoa

/** What Babel's helper for `for await` looks for where there is no `Symbol.asyncIterator`. */
export const asyncIterator = ownAsyncIterator ?? '@@asyncIterator'
