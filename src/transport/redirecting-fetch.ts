import type { SendRequest } from './fetch.ts'
import { decodeByteString, followRedirect, isRedirect, maxRedirects } from './redirect.ts'
import { adaptInit, encodesHeaders, isBuiltInFetch, isPermissionError } from './runtime-fetch.ts'

/** Whether the runtime is a browser: only browsers prevent scripts from setting a Cookie header. */
function isBrowser(): boolean {
  if (typeof Request !== 'function') return true
  return !new Request('http://localhost', { headers: { cookie: '' } }).headers.has('cookie')
}

/**
 * Calls the runtime's own `fetch`, and follows redirects as the Fetch standard does, but without the caller's secrets
 * in requests to another origin. Any other function is called once: what it adds to a request, it would also add to a
 * request to another origin. The build for browsers does not contain this file, because browsers hide redirects from
 * scripts.
 */
export const sendAndRedirect: SendRequest = async (fetch, address, given, handler) => {
  const { method = 'GET', body = null, redirect = 'follow', ...init } = adaptInit(given)
  const isFollowing = redirect === 'follow' && isBuiltInFetch(fetch) && !isBrowser()
  if (!isFollowing) return fetch(address, { ...init, method, body, redirect })
  const request = { url: new URL(address), method, headers: new Headers(init.headers), body }
  for (let redirects = 0; ; redirects++) {
    const { url, method, headers, body } = request
    let response: Response
    try {
      response = await fetch(url.href, {
        ...init,
        method,
        headers: Object.fromEntries(headers),
        body,
        redirect: 'manual',
      })
    } catch (error) {
      if (!isPermissionError(error)) throw error
      handler.refuse('unsupported', (error as Error).message)
      return undefined
    }
    const { status } = response
    if (!isRedirect(status) || redirects === maxRedirects) return response
    const location = response.headers.get('location')
    // As in browsers, the bytes of a Location that is not ASCII are UTF-8.
    const decoded = location && !encodesHeaders() ? decodeByteString(location) : location
    if (!followRedirect(request, status, decoded)) return response
    await response.body?.cancel()
  }
}
