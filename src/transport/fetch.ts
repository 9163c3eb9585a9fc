import type { Fetch } from '../options.ts'
import type { Transport } from './transport.ts'

/** What the runtime needs around its `fetch`; browsers need nothing. */
export const adaptation: { adapt(fetch: Fetch): Fetch } = { adapt: (fetch) => fetch }

/** A Transport over any function that can be called like `fetch`; without one, over the global `fetch`. */
export function createFetchTransport(given: Fetch | null | undefined): Transport {
  return async (request, handler) => {
    const { url, signal } = request
    const fetch = given ?? globalThis.fetch
    if (!fetch) return handler.refuse('unsupported', 'no fetch here: give one as the option "fetch"')
    const response = await adaptation.adapt(fetch)(url, {
      method: request.method,
      headers: request.headers,
      body: request.body ?? null,
      // "Set request's cache mode to "no-store"."
      cache: 'no-store',
      credentials: request.withCredentials ? 'include' : 'same-origin',
      // Not 'error', which could not be told from a lost connection.
      redirect: request.redirect === 'error' ? 'manual' : 'follow',
      signal,
      // A stream as the body needs it, and TypeScript's RequestInit does not know it.
      ...{ duplex: 'half' },
    })
    const { status, headers, type } = response
    const head = { url: response.url || url, status, headers }
    if (type === 'opaqueredirect' || [301, 302, 303, 307, 308].includes(status)) {
      return handler.refuse('redirect', `a redirect to ${headers.get('location')} is not followed`, head)
    }
    handler.response(head)
    const { body } = response
    if (body === null) return
    if (!body?.getReader) return handler.refuse('unsupported', 'no readable body here: give another option "fetch"')
    const reader = body.getReader()
    for (;;) {
      // A given fetch may not heed the signal, so that each step asks it.
      if (signal.aborted) return reader.cancel()
      const { done, value } = await reader.read()
      if (done) return
      const paused = signal.aborted || handler.bytes(value)
      if (paused) await paused
    }
  }
}
