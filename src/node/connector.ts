import { connect as connectTcp, isIP, type Socket, type TcpNetConnectOpts } from 'node:net'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'

/** What to connect to. */
export interface Endpoint {
  /** A name, or an address; an IPv6 address without brackets. */
  readonly host: string
  readonly port: number
  /** For TLS; undefined is plain TCP. */
  readonly tls?: TlsEndpoint | undefined
}

export interface TlsEndpoint extends ConnectionOptions {
  /** The name that the certificate has to be for. */
  readonly servername: string
  readonly ALPNProtocols: string[]
  /** The last session, to be resumed. */
  session?: Buffer | undefined
}

export interface ConnectOptions {
  /** Whether the connection does not keep the process alive. */
  readonly unref: boolean
  /** How long it may take, in ms. */
  readonly timeout: number
}

/** What a socket comes from. */
export type ConnectCallback = (error: Error | undefined, socket?: Socket) => void

/** A connection that is being made. */
export interface Connecting {
  /** Ends it; the callback is not called. */
  abandon(): void
}

/**
 * The highWaterMark is undici's, which Node's types do not know here. Half open, a socket can still be asked at its end
 * whether that was a reset.
 */
const tcpOptions = { allowHalfOpen: true, highWaterMark: 65_536 } as Partial<TcpNetConnectOpts>

/** An endpoint of an origin. */
export function endpointOf(origin: URL): Endpoint {
  const { protocol, hostname, port } = origin
  return {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(port) || (protocol === 'https:' ? 443 : 80),
  }
}

/** What a certificate has to be for: TLS knows names of servers, and no addresses. */
export function servernameOf(host: string): string {
  const name = host.replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1')
  return isIP(name) ? '' : name
}

/** Connects to an endpoint; the callback is called once. */
export function connect(endpoint: Endpoint, options: ConnectOptions, callback: ConnectCallback): Connecting {
  const { host, port, tls } = endpoint
  const socket = tls ? connectTls({ ...tls, host, port }) : connectTcp({ ...tcpOptions, host, port })
  return new SocketConnecting(socket, tls, options, callback)
}

/** Makes a TLS connection over a socket that is connected, such as a tunnel. */
export function connectOver(
  socket: Socket,
  tls: TlsEndpoint,
  options: ConnectOptions,
  callback: ConnectCallback,
): Connecting {
  return new SocketConnecting(connectTls({ ...tls, socket }), tls, options, callback)
}

class SocketConnecting implements Connecting {
  readonly #socket: Socket | TLSSocket
  #callback: ConnectCallback | undefined
  readonly #timer: NodeJS.Timeout

  constructor(
    socket: Socket | TLSSocket,
    tls: TlsEndpoint | undefined,
    { unref, timeout }: ConnectOptions,
    callback: ConnectCallback,
  ) {
    this.#socket = socket
    this.#callback = callback
    if (unref) socket.unref()
    socket.setNoDelay(true)
    socket.setKeepAlive(true, 60_000)
    this.#timer = setTimeout(() => this.#fail(new Error(`no connection within ${timeout} ms`)), timeout).unref()
    socket
      .once(tls ? 'secureConnect' : 'connect', this.#connected)
      .on('error', this.#fail)
      .on('close', this.#closed)
    if (tls) socket.on('session', (session: Buffer) => Object.assign(tls, { session }))
  }

  readonly #connected = (): void => {
    this.#socket.off('error', this.#fail).off('close', this.#closed)
    // Whoever takes it over listens, too; until then an error must not be thrown.
    this.#socket.on('error', () => {})
    this.#settle(undefined, this.#socket)
  }

  readonly #fail = (error: Error & { readonly errors?: readonly Error[] }): void => {
    this.#socket.destroy()
    // Where a host has several addresses, Node's error has no message of its own.
    error.message ||= error.errors?.map(({ message }) => message).join(', ') ?? ''
    this.#settle(error)
  }

  readonly #closed = (): void => this.#fail(new Error('the connection was closed while it was being made'))

  #settle(error: Error | undefined, socket?: Socket): void {
    clearTimeout(this.#timer)
    const callback = this.#callback
    this.#callback = undefined
    callback?.(error, socket)
  }

  abandon(): void {
    this.#callback = undefined
    clearTimeout(this.#timer)
    this.#socket.destroy()
  }
}
