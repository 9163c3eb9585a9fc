import type { Fetch } from '../options/event-source-init.ts'
import { decodeByteString, followRedirect, isRedirect, maxRedirects } from './redirect.ts'

/** Whether this `fetch` is a browser's: only browsers keep script from setting a Cookie header. */
function isBrowser(): boolean {
  if (typeof Request !== 'function') return true
  return !new Request('http://localhost', { headers: { cookie: '' } }).headers.has('cookie')
}

/** workerd, before a compatibility date in 2024, throws for members of RequestInit that it does not know. */
function withoutUnknownMembers(init: RequestInit): RequestInit {
  const known = { ...init }
  for (const member of ['cache', 'credentials'] as const) {
    if (typeof Request === 'function' && !(member in Request.prototype)) delete known[member]
  }
  return known
}

/** Headers are byte strings, except in workerd, where they take any character and workerd encodes them. */
function encodesHeaders(): boolean {
  return globalThis.navigator?.userAgent === 'Cloudflare-Workers'
}

/**
 * Gives a `fetch` what it lacks outside browsers: redirects as the Fetch standard has them, without the caller's secrets
 * in requests to another origin. The build for browsers leaves this file out: there, the platform follows redirects,
 * hides them from script, and restricts what a request may contain.
 */
export function redirectingFetch(fetch: Fetch): Fetch {
  return async (address, given) => {
    const { method = 'GET', body = null, redirect = 'follow', ...init } = withoutUnknownMembers(given)
    const request = { url: new URL(address), method, headers: new Headers(given.headers), body }
    const lastEventId = request.headers.get('last-event-id')
    if (lastEventId && encodesHeaders()) request.headers.set('last-event-id', decodeByteString(lastEventId))
    const isFollowing = redirect === 'follow' && !isBrowser()
    const send = (): Promise<Response> => {
      const { url, method, headers, body } = request
      return fetch(url.href, {
        ...init,
        method,
        headers: Object.fromEntries(headers),
        body,
        redirect: isFollowing ? 'manual' : redirect,
      })
    }
    for (let redirects = 0; ; redirects++) {
      const response = await send()
      const { status, headers } = response
      if (!isFollowing || !isRedirect(status) || redirects === maxRedirects) return response
      const location = headers.get('location')
      // As in browsers, the bytes of a Location that is not ASCII are UTF-8.
      const decoded = location && !encodesHeaders() ? decodeByteString(location) : location
      if (!followRedirect(request, status, decoded)) return response
      // A body of node-fetch's is a stream of Node's, which has no cancel().
      await response.body?.cancel?.()
    }
  }
}
