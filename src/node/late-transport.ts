import { AsyncResource } from 'node:async_hooks'
import type { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import type { Settings } from '../options/settings.ts'
import { throwInvalid } from '../options/validation.ts'
import type { Transport, TransportHandler, TransportRequest } from '../transport/transport.ts'

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
 * The transport of `createNodeTransport`, which the first request of the process loads: it takes longer to load than
 * everything else.
 */
export class LateTransport implements Transport {
  readonly #dispatcher: Dispatcher | null | undefined
  readonly #unref: boolean
  /** The async context of the code that created the source. */
  readonly #context = new AsyncResource('EventSource')
  #isDestroyed = false
  #transport: Pick<Transport, 'send'> | undefined

  /** @throws TypeError if `dispatcher` is not a Dispatcher that can be used */
  constructor({ dispatcher, unref }: Pick<Settings, 'dispatcher' | 'unref'>) {
    if (dispatcher != null && !isSupportedDispatcher(dispatcher)) {
      throwInvalid('dispatcher', dispatcher, 'a Dispatcher of undici 7 or newer')
    }
    this.#dispatcher = dispatcher
    this.#unref = unref
  }

  // This is not an async function, whose promise would stay in memory as long as the stream.
  send(request: TransportRequest, handler: TransportHandler): Promise<void> {
    this.#transport ??= create?.({ dispatcher: this.#dispatcher, unref: this.#unref, context: this.#context })
    if (this.#transport)
      return this.#transport.send(request, handler)
      // A stream that fails meanwhile would end the process; the request finds its error.
    ;(request.body as Partial<Readable> | null | undefined)?.on?.('error', () => {})
    return import('./node-transport.ts').then(({ createNodeTransport }) => {
      create = createNodeTransport
      return this.send(request, handler)
    })
  }

  runInContext(callback: () => void, isLast: boolean): void {
    this.#context.runInAsyncScope(callback)
    if (!isLast || this.#isDestroyed) return
    this.#isDestroyed = true
    // Tools that list what is still open, or keep state for each context, see the end now, not when memory is freed.
    this.#context.emitDestroy()
  }
}
