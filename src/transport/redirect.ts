import type { RequestHeaders } from '../platform/platform.ts'

/** A request that may be redirected. Following a redirect changes the request and its headers. */
export interface RedirectableRequest {
  url: URL
  method: string
  headers: RequestHeaders
  body: unknown
}

/** The maximum number of redirects of one request: "If request's redirect count is 20, then return a network error." */
export const maxRedirects = 20

/** "A redirect status is a status that is 301, 302, 303, 307, or 308." */
export function isRedirect(status: number): boolean {
  return /^30[12378]$/.test(`${status}`)
}

/**
 * "HTTP-redirect fetch" of the Fetch standard.
 * @param location the value of Location, decoded
 * @returns whether the redirect can be followed; the request then is the next one to send
 */
export function followRedirect(request: RedirectableRequest, status: number, location: string | null): boolean {
  if (location === null) return false
  const { url, method, headers } = request
  let next: URL
  try {
    next = new URL(location, url)
  } catch {
    return false
  }
  if (!/^https?:$/.test(next.protocol)) return false
  next.username = next.password = ''
  const becomesGet = status === 303 ? method !== 'HEAD' : status < 303 && method === 'POST'
  if (becomesGet) Object.assign(request, { method: 'GET', body: null })
  // Deviation: the standard drops Authorization only, but a secret may have any name.
  const leavesOrigin = next.origin !== url.origin
  for (const [name] of [...headers]) {
    const isOurs = /^(accept|last-event-id|content-type)$/.test(name)
    if ((leavesOrigin && !isOurs) || (becomesGet && name.startsWith('content-'))) headers.delete(name)
  }
  request.url = next
  return true
}

/** Decodes the UTF-8 of a header's value, which arrives as a character for each byte. */
export function decodeByteString(text: string): string {
  return new TextDecoder().decode(Uint8Array.from(text, (character) => character.charCodeAt(0)))
}
