import { btoa as ownBtoa } from './base64.ts'
import { DOMException as OwnDOMException } from './dom-exception.ts'
import { URL as OwnURL } from './url.ts'
import { URLSearchParams as OwnURLSearchParams } from './url-search-params.ts'
import { TextEncoder as OwnTextEncoder } from './utf8.ts'

export { Event, EventTarget } from './runtime-events.ts'

// Replacements for globals that some versions of React Native lack or have in an unusable form; the runtime's own is
// used if it works. The build for React Native binds these names in every module of this package; the global object is
// never changed.

/** Whether the global URL follows the standard, as one that an app or Expo installs does. React Native's own does not. */
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

// This is not written `Symbol.asyncIterator`, which the build replaces with the export below.
const { asyncIterator: ownAsyncIterator } = Symbol

// The replacements have the members that are used here, not all that lib.dom declares.
type Globals = typeof globalThis

export const URL = (isUrlStandard ? globalThis.URL : OwnURL) as Globals['URL']
export const URLSearchParams = (
  isUrlStandard ? globalThis.URLSearchParams : OwnURLSearchParams
) as Globals['URLSearchParams']
export const DOMException = globalThis.DOMException ?? (OwnDOMException as unknown as Globals['DOMException'])
export const TextEncoder = globalThis.TextEncoder ?? (OwnTextEncoder as unknown as Globals['TextEncoder'])
export const btoa = globalThis.btoa ?? ownBtoa

/** The key that Babel's helper for `for await` uses if there is no `Symbol.asyncIterator`. */
export const asyncIterator = ownAsyncIterator ?? '@@asyncIterator'
