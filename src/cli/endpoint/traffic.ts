import type { IncomingHttpHeaders } from 'node:http'
import type { RequestDispatcher, ResponseController, ResponseHandler } from '../../node/connection.ts'
import { DelegatingHandler } from '../../node/delegating-handler.ts'

/** Callbacks for the requests and responses of an endpoint, redirects included. */
export interface TrafficObserver {
  /** Called when the connection is established and the request is sent. */
  onSent?(controller: Partial<ResponseController>): void
  onResponse?(status: number, statusText: string, headers: IncomingHttpHeaders): void
  /** Called with the bytes of a response with status 200, still compressed if it is. */
  onBytes?(bytes: Buffer): void
}

/** Adds an observer to a dispatcher. */
export function observeTraffic(dispatcher: RequestDispatcher, observer: TrafficObserver): RequestDispatcher {
  return {
    ...(dispatcher.pausesSafely && { pausesSafely: true }),
    dispatch: (request, handler) => dispatcher.dispatch(request, new ObservedHandler(handler, observer)),
  }
}

/** A handler that calls the observer before the original handler. */
class ObservedHandler extends DelegatingHandler {
  readonly #observer: TrafficObserver
  #status = 0

  constructor(handler: ResponseHandler, observer: TrafficObserver) {
    super(handler)
    this.#observer = observer
  }

  override onRequestStart(...parameters: Parameters<DelegatingHandler['onRequestStart']>): void {
    this.#observer.onSent?.(parameters[0])
    super.onRequestStart(...parameters)
  }

  override onResponseStart(...parameters: Parameters<DelegatingHandler['onResponseStart']>): void {
    const [, status, headers, statusText = ''] = parameters
    this.#status = status
    this.#observer.onResponse?.(status, statusText, headers as IncomingHttpHeaders)
    super.onResponseStart(...parameters)
  }

  override onResponseData(...parameters: Parameters<DelegatingHandler['onResponseData']>): void {
    if (this.#status === 200) this.#observer.onBytes?.(parameters[1])
    super.onResponseData(...parameters)
  }
}
