import type { Fetch } from '../options.ts'
import { adaptFetch } from './fetch.server.ts'
import type { Transport } from './transport.ts'

/** A Transport over any function that can be called like `fetch`; without one, over the global `fetch`. */
export function createFetchTransport(given: Fetch | null | undefined): Transport {
  return async (request, handler) => {
    const { url, method, headers, body = null, signal } = request
    const controller = new AbortController()
    let reader: ReadableStreamDefaultReader<Uint8Array> | undefined
    signal.onabort = () => {
      controller.abort()
      // Deno forgets the signal of a response at a garbage collection.
      reader?.cancel().catch(() => {})
    }
    const fetch = given ?? globalThis.fetch
    const response =
      fetch &&
      (await adaptFetch(fetch)(url, {
        method,
        // Plain, for those who wrap fetch and add headers of their own: `{ ...init.headers, Authorization }`.
        headers: Object.fromEntries(headers),
        body,
        signal: controller.signal,
        // "Set request's cache mode to "no-store"."
        cache: 'no-store',
        credentials: request.withCredentials ? 'include' : 'same-origin',
        // Not 'error', which could not be told from a lost connection.
        redirect: request.redirect === 'error' ? 'manual' : 'follow',
        // A stream as the body needs it, and TypeScript's RequestInit does not know it.
        duplex: 'half',
      } as RequestInit))
    if (response) {
      const { status, headers } = response
      const head = { url: response.url || url, status, headers, contentType: headers.get('content-type') }
      // A browser hides the redirect that it does not follow: its status is 0.
      if (/^(0|30[12378])$/.test(`${status}`)) {
        return handler.refuse('redirect', 'redirect not followed', head)
      }
      handler.response(head)
      if (response.body === null) return
    }
    // React Native's response has no body, and node-fetch's is a stream of Node's.
    reader = response?.body?.getReader?.()
    if (!reader) {
      return handler.refuse('unsupported', 'no fetch with readable bodies: give one as option "fetch"')
    }
    // A given fetch may not heed the signal, so that each step asks it.
    while (!signal.aborted) {
      const { done, value } = await reader.read()
      if (done) return
      await handler.bytes(value)
    }
    await reader.cancel()
  }
}
