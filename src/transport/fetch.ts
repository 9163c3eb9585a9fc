import type { Fetch } from '../options/event-source-init.ts'
import type { Transport } from './transport.ts'

/** The status of a redirect that was not followed; browsers hide such a response: its status is 0. */
const unfollowedRedirect = /^(0|30[12378])$/

/**
 * A transport over any function that can be called like `fetch`; without one, over the global `fetch`.
 * @param adapt gives a `fetch` what it lacks in the runtime
 */
export function createFetchTransport(
  given: Fetch | null | undefined,
  adapt: (fetch: Fetch) => Fetch = (fetch) => fetch,
): Transport {
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
    const init = {
      method,
      // A plain object, for callers who wrap fetch and add headers of their own: `{ ...init.headers, Authorization }`.
      headers: Object.fromEntries(headers),
      body,
      signal: controller.signal,
      // Constructor, step 11: "Set request's cache mode to "no-store"."
      cache: 'no-store',
      credentials: request.withCredentials ? 'include' : 'same-origin',
      // Not 'error', which could not be told from a lost connection.
      redirect: request.redirect === 'error' ? 'manual' : 'follow',
      // Required where the body is a stream, and unknown to TypeScript's RequestInit.
      duplex: 'half',
    } as RequestInit
    const response = fetch && (await adapt(fetch)(url, init))
    if (response) {
      const { status, headers } = response
      const head = { url: response.url || url, status, headers, contentType: headers.get('content-type') }
      if (unfollowedRedirect.test(String(status))) return handler.refuse('redirect', 'redirect not followed', head)
      handler.response(head)
      if (response.body === null) return
    }
    // React Native's response has no body, and node-fetch's is a stream of Node's.
    reader = response?.body?.getReader?.()
    if (!reader) return handler.refuse('unsupported', 'no fetch with readable bodies: give one as option "fetch"')
    // A given fetch may ignore the signal, so each step asks the signal.
    while (!signal.aborted) {
      const { done, value } = await reader.read()
      if (done) return
      await handler.bytes(value)
    }
    await reader.cancel()
  }
}
