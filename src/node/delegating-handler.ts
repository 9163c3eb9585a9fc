import type { Dispatcher } from 'undici'
import type { ResponseHandler } from './connection.ts'

/** A handler that passes every call on to another handler; subclasses override some methods. */
export class DelegatingHandler implements ResponseHandler {
  protected readonly handler: ResponseHandler

  constructor(handler: ResponseHandler) {
    this.handler = handler
  }

  get isOver(): boolean {
    return !!this.handler.isOver
  }

  set onOver(onOver: ResponseHandler['onOver']) {
    this.handler.onOver = onOver
  }

  onRequestStart(controller: Dispatcher.DispatchController, context: unknown): void {
    this.handler.onRequestStart(controller, context)
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
    statusText?: string,
  ): void {
    this.handler.onResponseStart(controller, status, headers as Record<string, string | string[]>, statusText)
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.handler.onResponseData(controller, chunk)
  }

  onResponseEnd(controller: Dispatcher.DispatchController, trailers: Record<string, string | string[]>): void {
    this.handler.onResponseEnd(controller, trailers)
  }

  onResponseError(controller: Dispatcher.DispatchController, error: Error): void {
    this.handler.onResponseError(controller, error)
  }
}
