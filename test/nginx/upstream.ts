import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { listenAt } from '../http-server.ts'

/** How the clients of the tests retry: soon, also while nginx answers that there is no server. */
export const retry = { initialDelay: 20, maxDelay: 200, statuses: [502, 503, 504] }

/** The server behind nginx. It keeps its port when it restarts. */
export class Upstream {
  #listener: RequestListener = () => {}
  #server: Server | undefined
  /** The port; 0 before the first start. */
  #port = 0

  async start(listener: RequestListener): Promise<void> {
    this.#listener = listener
    this.#server = createServer(listener)
    await listenAt(this.#port, this.#server)
    this.#port = (this.#server.address() as AddressInfo).port
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#server?.close(() => resolve())
      this.#server?.closeAllConnections()
    })
  }

  async restart(listener = this.#listener): Promise<void> {
    await this.stop()
    await this.start(listener)
  }

  /** The `location` block of nginx for this server. */
  location(...directives: string[]): string {
    return `location / { proxy_pass http://127.0.0.1:${this.#port}; proxy_http_version 1.1; ${directives.join(' ')} }`
  }
}
