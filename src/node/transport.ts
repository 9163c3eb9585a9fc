import { createTransport as createFetchTransport } from '../transport/default.ts'
import { isBuiltInFetch } from '../transport/runtime-fetch.ts'
import type { CreateTransport, Transport } from '../transport/transport.ts'
import { hasGlobalDispatcher } from './global-dispatcher.ts'
import { createLateTransport } from './late-transport.ts'

/**
 * Whether requests are sent over the global `fetch`, so that mocks, tracers, proxies and certificates that are set for the
 * whole process apply.
 */
function prefersGlobalFetch(): boolean {
  return (!!globalThis.fetch && !isBuiltInFetch(globalThis.fetch)) || hasGlobalDispatcher()
}

/** @throws TypeError if `dispatcher` cannot be used */
export const createTransport: CreateTransport = (settings) => {
  if (settings.fetch) return createFetchTransport(settings)
  const overNetwork = createLateTransport(settings)
  if (settings.dispatcher) return overNetwork
  const overFetch = createFetchTransport(settings)
  // Checked for every attempt: a test may set a mock after it created a source.
  const send: Transport = (request, handler) => (prefersGlobalFetch() ? overFetch : overNetwork)(request, handler)
  return Object.assign(send, { runInContext: overNetwork.runInContext })
}
