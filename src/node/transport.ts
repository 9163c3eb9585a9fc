import { createTransport as createGivenFetchTransport } from '../transport/default.ts'
import { createFetchTransport } from '../transport/fetch.ts'
import { sendAndRedirect } from '../transport/redirecting-fetch.ts'
import { isBuiltInFetch } from '../transport/runtime-fetch.ts'
import type { CreateTransport, Transport } from '../transport/transport.ts'
import { hasGlobalDispatcher } from './global-dispatcher.ts'
import { createLateTransport } from './late-transport.ts'

/** The last `fetch` that was found to be the runtime's own; to find that out takes longer than a comparison. */
let builtInFetch: typeof fetch | undefined

/**
 * Whether requests are sent over the global `fetch`, so that mocks, tracers, proxies and certificates that are set for the
 * whole process apply.
 */
function prefersGlobalFetch(): boolean {
  const { fetch } = globalThis
  if (fetch && fetch !== builtInFetch) {
    if (!isBuiltInFetch(fetch)) return true
    builtInFetch = fetch
  }
  return hasGlobalDispatcher()
}

/** The transport over the global `fetch`: one for all sources, of which few need it. */
let overFetch: Transport | undefined

/** @throws TypeError if `dispatcher` cannot be used */
export const createTransport: CreateTransport = (settings) => {
  if (settings.fetch) return createGivenFetchTransport(settings)
  const overNetwork = createLateTransport(settings)
  if (settings.dispatcher) return overNetwork
  // Checked for every attempt: a test may set a mock after it created a source.
  const send: Transport = (request, handler) => {
    if (!prefersGlobalFetch()) return overNetwork(request, handler)
    overFetch ??= createFetchTransport(undefined, sendAndRedirect)
    return overFetch(request, handler)
  }
  return Object.assign(send, { runInContext: overNetwork.runInContext })
}
