import { AsyncResource } from 'node:async_hooks'
import type { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import type { Settings } from '../options/settings.ts'
import { throwInvalid } from '../options/validation.ts'
import type { Transport } from '../transport/transport.ts'

/** The function that creates the transport, once a request of any source has loaded it. */
let create: typeof import('./node-transport.ts').createNodeTransport | undefined

/**
 * Whether a dispatcher is one of undici 7 or newer. Older dispatchers take another kind of handler. Most of them have the
 * property `interceptors`, which undici 7 removed; the others throw at the first request.
 */
function isSupportedDispatcher(dispatcher: unknown): dispatcher is Dispatcher {
  return (
    typeof (dispatcher as Dispatcher | null)?.dispatch === 'function' && !('interceptors' in (dispatcher as Dispatcher))
  )
}

/**
 * The transport of {@link createNodeTransport}, which the first request of the process loads: it takes longer to load than
 * everything else.
 * @throws TypeError if `dispatcher` is not a Dispatcher that can be used
 */
export function createLateTransport({ dispatcher, unref }: Pick<Settings, 'dispatcher' | 'unref'>): Transport {
  if (dispatcher != null && !isSupportedDispatcher(dispatcher)) {
    throwInvalid('dispatcher', dispatcher, 'a Dispatcher of undici 7 or newer')
  }
  // The async context of the code that created the source.
  const context = new AsyncResource('EventSource')
  let isDestroyed = false
  let transport: Transport | undefined
  // Not an async function: its promise would stay in memory as long as the stream.
  const send: Transport = (request, handler) => {
    transport ??= create?.({ dispatcher, unref, context })
    if (transport)
      return transport(request, handler)
      // A stream that fails meanwhile would end the process; the request finds its error.
    ;(request.body as Partial<Readable> | null | undefined)?.on?.('error', () => {})
    return import('./node-transport.ts').then(({ createNodeTransport }) => {
      create = createNodeTransport
      return send(request, handler)
    })
  }
  send.runInContext = (callback, isLast) => {
    context.runInAsyncScope(callback)
    if (!isLast || isDestroyed) return
    isDestroyed = true
    // Tools that list what is still open, or keep state for each context, see the end now, not when memory is freed.
    context.emitDestroy()
  }
  return send
}
