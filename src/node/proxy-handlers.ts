import type { ResponseHandler } from './connection.ts'
import { DelegatingHandler } from './delegating-handler.ts'
import type { ProxySettings } from './proxy-environment.ts'
import { isTlsError } from './tls-error.ts'
import { ProxyRefusalError, proxyError } from './tunnel.ts'

/** A handler of a request that is sent over a proxy: an error that the proxy causes names the proxy. */
abstract class ProxyHandler extends DelegatingHandler {
  protected readonly proxy: ProxySettings

  constructor(proxy: ProxySettings, handler: ResponseHandler) {
    super(handler)
    this.proxy = proxy
  }
}

/** A handler that names the SOCKS proxy in an error that occurs before the response, unless TLS with the server failed. */
export class SocksHandler extends ProxyHandler {
  #hasResponse = false

  override onResponseStart(...response: Parameters<DelegatingHandler['onResponseStart']>): void {
    this.#hasResponse = true
    super.onResponseStart(...response)
  }

  override onResponseError(...[controller, error]: Parameters<DelegatingHandler['onResponseError']>): void {
    const isByServer = this.#hasResponse || isTlsError(error)
    super.onResponseError(controller, isByServer ? error : proxyError(this.proxy, error))
  }
}

/** A handler that reports a proxy's own refusal to forward a request as an error, not as the server's response. */
export class ForwardHandler extends ProxyHandler {
  override onResponseStart(...response: Parameters<DelegatingHandler['onResponseStart']>): void {
    const [controller, status] = response
    // Only a proxy sends "407 Proxy Authentication Required".
    if (status !== 407) {
      super.onResponseStart(...response)
      return
    }
    const error = new ProxyRefusalError(this.proxy, status)
    this.handler.onResponseError(controller, error)
    controller.abort(error)
  }
}
