import { createTransport as createGivenFetchTransport } from '../transport/default.ts'
import { createFetchTransport } from '../transport/fetch.ts'
import { sendAndRedirect } from '../transport/redirecting-fetch.ts'
import { isBuiltInFetch } from '../transport/runtime-fetch.ts'
import type { CreateTransport, Transport, TransportHandler, TransportRequest } from '../transport/transport.ts'
import { hasGlobalDispatcher } from './global-dispatcher.ts'
import { LateTransport } from './late-transport.ts'
import { describeTlsError } from './tls-error.ts'

/** The last `fetch` that was recognized as the runtime's own: a comparison is faster than recognizing it again. */
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

/** Calls a `fetch`, and describes the cause of its error as that of a request of the library itself. */
async function withClearErrors<T>(url: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    const { cause } = Object(error)
    if (cause instanceof Error) describeTlsError(cause, new URL(url).host)
    throw error
  }
}

/** The transport over the global `fetch`: one for all sources, of which few need it. */
let overFetch: Transport | undefined

/** The transport of a source that has neither `fetch` nor `dispatcher`. */
class DefaultTransport implements Transport {
  readonly #overNetwork: Transport

  constructor(overNetwork: Transport) {
    this.#overNetwork = overNetwork
  }

  send(request: TransportRequest, handler: TransportHandler): void {
    // Checked for every attempt: a test may set a mock after it created a source.
    if (!prefersGlobalFetch()) this.#overNetwork.send(request, handler)
    else {
      overFetch ??= createFetchTransport(undefined, (fetch, url, ...rest) =>
        withClearErrors(url, () => sendAndRedirect(fetch, url, ...rest)),
      )
      overFetch.send(request, handler)
    }
  }

  runInContext(callback: () => void, isLast: boolean): void {
    this.#overNetwork.runInContext(callback, isLast)
  }
}

/** @throws TypeError if `dispatcher` cannot be used */
export const createTransport: CreateTransport = (settings) => {
  const { fetch } = settings
  if (fetch) {
    return createGivenFetchTransport({
      ...settings,
      fetch: (url, init) => withClearErrors(`${url}`, async () => await fetch(url, init)),
    })
  }
  const overNetwork = new LateTransport(settings)
  return settings.dispatcher ? overNetwork : new DefaultTransport(overNetwork)
}
