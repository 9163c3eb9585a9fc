import type { Fetch } from '../options/event-source-init.ts'
import type { Transport, TransportHandler, TransportRequest } from './transport.ts'

/** The status of a redirect that was not followed; browsers hide such a response: its status is 0. */
function isUnfollowedRedirect(status: number): boolean {
  return [0, 301, 302, 303, 307, 308].includes(status)
}

function toRequestInit({ method, headers, body, withCredentials, redirect }: TransportRequest): RequestInit {
  return {
    method,
    // A plain object, for callers who wrap fetch and add headers of their own: `{ ...init.headers, Authorization }`.
    headers: Object.fromEntries(headers),
    body: body ?? null,
    // Constructor, step 11: "Set request's cache mode to "no-store"."
    cache: 'no-store',
    credentials: withCredentials ? 'include' : 'same-origin',
    // Not 'error', which could not be told from a lost connection.
    redirect: redirect === 'error' ? 'manual' : 'follow',
    // Required where the body is a stream, and unknown to TypeScript's RequestInit.
    duplex: 'half',
  } as RequestInit
}

/** Reads a body until it ends or the attempt does. A given fetch may ignore the signal, so each step asks the signal. */
async function readBody(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  { signal }: TransportRequest,
  handler: TransportHandler,
): Promise<void> {
  while (!signal.aborted) {
    const { done, value } = await reader.read()
    if (done) return
    await handler.bytes(value)
  }
  await reader.cancel()
}

const noReadableBody = 'no fetch with readable bodies: give one as option "fetch"'

/**
 * A transport over any function that can be called like `fetch`; without one, over the global `fetch`.
 * @param adapt gives a `fetch` what it lacks in the runtime
 */
export function createFetchTransport(
  given: Fetch | null | undefined,
  adapt: (fetch: Fetch) => Fetch = (fetch) => fetch,
): Transport {
  return async (request, handler) => {
    const { url, signal } = request
    const fetch = given ?? globalThis.fetch
    if (!fetch) return handler.refuse('unsupported', noReadableBody)
    const controller = new AbortController()
    let reader: ReadableStreamDefaultReader<Uint8Array> | undefined
    signal.onabort = () => {
      controller.abort()
      // Deno forgets the signal of a response at a garbage collection.
      reader?.cancel().catch(() => {})
    }
    const response = await adapt(fetch)(url, { ...toRequestInit(request), signal: controller.signal })
    const { status, headers, body } = response
    const head = { url: response.url || url, status, headers, contentType: headers.get('content-type') }
    if (isUnfollowedRedirect(status)) return handler.refuse('redirect', 'redirect not followed', head)
    handler.response(head)
    if (body === null) return
    // React Native's response has no body, and node-fetch's is a stream of Node's.
    reader = body?.getReader?.()
    if (!reader) return handler.refuse('unsupported', noReadableBody)
    await readBody(reader, request, handler)
  }
}
