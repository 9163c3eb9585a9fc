import { applyRules, type Fetch, type Settings } from '../options.ts'
import { decodeByteString, follow, isRedirect, mostRedirects } from './redirect.ts'

/** Whether this `fetch` is a browser's all the same: only a browser keeps script from setting a Cookie header. */
function isBrowser(): boolean {
  return (
    typeof Request !== 'function' || !new Request('http://localhost', { headers: { cookie: '' } }).headers.has('cookie')
  )
}

/** workerd, before a compatibility date in 2024, throws on members of RequestInit that it does not know. */
function withoutUnknownMembers(init: RequestInit): RequestInit {
  const known = { ...init }
  for (const member of ['cache', 'credentials'] as const) {
    if (typeof Request === 'function' && !(member in Request.prototype)) delete known[member]
  }
  return known
}

/** Headers hold byte strings everywhere but in workerd, where they take any character and encode it by themselves. */
function encodesHeaders(): boolean {
  return globalThis.navigator?.userAgent === 'Cloudflare-Workers'
}

/**
 * Gives a `fetch` what it lacks outside browsers. The build for browsers leaves this file out, for there the platform
 * follows redirects itself, shows script nothing of them, and guards what a request may say.
 */
export const adaptFetch =
  (fetch: Fetch): Fetch =>
  async (address, given) => {
    const { method = 'GET', body = null, redirect = 'follow', ...init } = withoutUnknownMembers(given)
    const request = { url: new URL(address), method, headers: new Headers(given.headers), body }
    const lastEventId = request.headers.get('last-event-id')
    if (lastEventId && encodesHeaders()) request.headers.set('last-event-id', decodeByteString(lastEventId))
    const isFollowing = redirect === 'follow' && !isBrowser()
    const send = () => {
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
      if (!isFollowing || !isRedirect(status) || redirects === mostRedirects) return response
      const location = headers.get('location')
      // Its bytes are UTF-8 where they are not ASCII, as browsers have it.
      if (!follow(request, status, location && !encodesHeaders() ? decodeByteString(location) : location))
        return response
      // node-fetch's bodies are Node's streams, which have no cancel().
      await response.body?.cancel?.()
    }
  }

/**
 * A request that was meant to go by way of a proxy must not go without one.
 * @throws TypeError if there is a dispatcher, which only undici can use
 */
export function refuseDispatcher(settings: Settings): void {
  applyRules(settings, {
    dispatcher: [undefined, () => false, "usable here: it is for Node, without the option 'fetch'"],
  })
}
