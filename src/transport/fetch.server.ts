import type { Fetch } from '../options.ts'

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

function decodeByteString(text: string): string {
  return new TextDecoder().decode(Uint8Array.from(text, (character) => character.charCodeAt(0)))
}

/** "HTTP-redirect fetch" of the Fetch standard; returns whether the redirect can be followed. */
function follow(
  request: { url: URL; init: Omit<RequestInit, 'headers'> & { headers: Headers } },
  response: Response,
): boolean {
  const location = response.headers.get('location')
  if (location === null) return false
  const { url, init } = request
  try {
    // Its bytes are UTF-8 where they are not ASCII, as browsers have it.
    request.url = new URL(encodesHeaders() ? location : decodeByteString(location), url)
  } catch {
    return false
  }
  if (!/^https?:$/.test(request.url.protocol)) return false
  request.url.username = request.url.password = ''
  const { method, headers } = init
  const becomesGet = response.status === 303 ? method !== 'HEAD' : response.status < 303 && method === 'POST'
  if (becomesGet) Object.assign(init, { method: 'GET', body: null })
  // Deviation: the standard drops Authorization only, but a secret may have any name.
  const leavesOrigin = request.url.origin !== url.origin
  for (const name of [...headers.keys()]) {
    const isOurs = /^(accept|last-event-id|content-type)$/.test(name)
    if ((leavesOrigin && !isOurs) || (becomesGet && name.startsWith('content-'))) headers.delete(name)
  }
  return true
}

/**
 * Gives a `fetch` what it lacks outside browsers. The build for browsers leaves this file out, for there the platform
 * follows redirects itself, shows script nothing of them, and guards what a request may say.
 */
export const adaptFetch =
  (fetch: Fetch): Fetch =>
  async (address, given) => {
    const init = { ...withoutUnknownMembers(given), headers: new Headers(given.headers) }
    const request = { url: new URL(address), init }
    const lastEventId = init.headers.get('last-event-id')
    if (lastEventId && encodesHeaders()) init.headers.set('last-event-id', decodeByteString(lastEventId))
    const send = () => fetch(request.url.href, { ...init, headers: Object.fromEntries(init.headers) })
    if (init.redirect !== 'follow' || isBrowser()) return send()
    init.redirect = 'manual'
    for (let redirects = 0; ; redirects++) {
      const response = await send()
      const isRedirect = [301, 302, 303, 307, 308].includes(response.status)
      if (!isRedirect || redirects === 20 || !follow(request, response)) return response
      // node-fetch's bodies are Node's streams, which have no cancel().
      await response.body?.cancel?.()
    }
  }
