import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher } from 'undici'

/** Callbacks for the requests and responses of an endpoint, redirects included. */
export interface TrafficObserver {
  /** Called when the connection is established and the request is sent. */
  onSent?(): void
  onResponse?(status: number, statusText: string, headers: IncomingHttpHeaders): void
  /** Called with the bytes of a response with status 200, still compressed if it is. */
  onBytes?(bytes: Buffer): void
}

/** Adds an observer to a dispatcher. */
export function observeTraffic(dispatcher: Dispatcher, observer: TrafficObserver): Dispatcher {
  return dispatcher.compose((dispatch) => (request, handler) => {
    return dispatch(request, new ObservedHandler(handler, observer))
  })
}

/** A handler that calls the observer before the original handler. */
class ObservedHandler implements Dispatcher.DispatchHandler {
  readonly #handler: Dispatcher.DispatchHandler
  readonly #observer: TrafficObserver
  #status = 0

  constructor(handler: Dispatcher.DispatchHandler, observer: TrafficObserver) {
    this.#handler = handler
    this.#observer = observer
  }

  onRequestStart(...parameters: Parameters<NonNullable<Dispatcher.DispatchHandler['onRequestStart']>>): void {
    this.#observer.onSent?.()
    this.#handler.onRequestStart?.(...parameters)
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
    statusText = '',
  ): void {
    this.#status = status
    this.#observer.onResponse?.(status, statusText, headers)
    this.#handler.onResponseStart?.(controller, status, headers, statusText)
  }

  onResponseData(controller: Dispatcher.DispatchController, bytes: Buffer): void {
    if (this.#status === 200) this.#observer.onBytes?.(bytes)
    this.#handler.onResponseData?.(controller, bytes)
  }

  onResponseEnd(...parameters: Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseEnd']>>): void {
    this.#handler.onResponseEnd?.(...parameters)
  }

  onResponseError(controller: Dispatcher.DispatchController, error: Error): void {
    this.#handler.onResponseError?.(controller, error)
  }
}
