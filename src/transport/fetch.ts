import type { FetchLike } from '../options/event-source-init.ts'
import type { RequestHeaders } from '../platform/platform.ts'
import type { Transport, TransportHandler, TransportRequest } from './transport.ts'

/** The status of a redirect that was not followed; browsers hide such a response: its status is 0. */
const unfollowedRedirect = /^(0|30[12378])$/

/**
 * Headers as a plain object, for callers who wrap fetch and add headers of their own. The names are capitalized as in the
 * standards (`Last-Event-ID`), so that `{ ...init.headers, Accept: … }` replaces a header and does not add one.
 */
function toPlainHeaders(headers: RequestHeaders): Record<string, string> {
  const withCapitals = (name: string): string => name.replace(/\bid$|\b[a-z]/g, (part) => part.toUpperCase())
  return Object.fromEntries(Array.from(headers, ([name, value]) => [withCapitals(name), value]))
}

/** The second argument of `fetch`. */
export interface FetchInit extends RequestInit {
  headers: Record<string, string>
}

/** The second argument of `fetch`, without the signal. */
function toFetchInit(request: TransportRequest, isGiven: boolean): FetchInit {
  // The runtime's own `fetch` does not get 'error': its rejection could not be distinguished from a lost connection.
  const redirect = request.redirect === 'error' && !isGiven ? 'manual' : request.redirect
  return {
    method: request.method,
    headers: toPlainHeaders(request.headers),
    body: request.body ?? null,
    // Constructor, step 11: "Set request's cache mode to "no-store"."
    cache: 'no-store',
    credentials: request.withCredentials ? 'include' : 'same-origin',
    redirect,
    // Required where the body is a stream, and unknown to TypeScript's RequestInit.
    duplex: 'half',
  } as FetchInit
}

/** The global `fetch`, or a given function that has the part of its behavior that is used here. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

/** Calls a `fetch`, and does what else the runtime requires. The result is undefined if the request was refused. */
export type SendRequest = (
  fetch: Fetch,
  url: string,
  init: FetchInit,
  handler: Pick<TransportHandler, 'refuse'>,
) => Promise<Response | undefined>

/** Calls a `fetch` where the runtime requires nothing else. */
export const sendUnchanged: SendRequest = (fetch, url, init) => fetch(url, init)

/**
 * A transport over any function that can be called like `fetch`; without one, over the global `fetch`.
 * @param send calls the function, and does what else the runtime requires
 */
export function createFetchTransport(given: FetchLike | null | undefined, send: SendRequest): Transport {
  const exchange = async (request: TransportRequest, handler: TransportHandler): Promise<void> => {
    const { url, signal } = request
    const fetch = (given as Fetch | null | undefined) ?? globalThis.fetch
    if (!fetch) return handler.refuse('unsupported', 'this runtime has no fetch: pass "fetch"')
    const controller = new AbortController()
    let reader: ReadableStreamDefaultReader<Uint8Array> | undefined
    signal.onabort = () => {
      controller.abort()
      // After a garbage collection, the signal no longer cancels the body in Deno.
      reader?.cancel().catch(() => {})
    }
    const response = await send(fetch, url, { ...toFetchInit(request, !!given), signal: controller.signal }, handler)
    // Also if `send` has refused the request: a second refusal changes nothing.
    if (!response?.headers) return handler.refuse('callback', `fetch returned ${typeof response}, not a Response`)
    const { status, statusText, headers } = response
    const head = {
      url: response.url || url,
      status,
      statusText,
      headers,
      header: (name: string) => headers.get(name),
    }
    if (unfollowedRedirect.test(`${status}`)) {
      return handler.refuse('redirect', `redirect not followed: HTTP ${status}`, head)
    }
    handler.response(head)
    if (response.body === null) return
    // The body of React Native's own fetch is undefined, and node-fetch's is a stream of Node's.
    reader = response.body?.getReader?.()
    if (!reader) return handler.refuse('unsupported', 'the body from "fetch" is not a ReadableStream')
    // A given fetch may ignore the signal, so each step checks it.
    while (!signal.aborted) {
      const { done, value } = await reader.read()
      if (done) return
      await handler.bytes(value)
    }
    await reader.cancel()
  }
  return {
    runInContext: (callback) => callback(),
    send(request, handler) {
      exchange(request, handler).then(
        () => handler.end(),
        (error) => handler.fail(error),
      )
    },
  }
}
