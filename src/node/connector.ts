import { connect as connectTcp, isIP, type Socket, type TcpNetConnectOpts } from 'node:net'
import type { ConnectionOptions, TLSSocket } from 'node:tls'
import { startTimer, type Timer } from '../timer.ts'
import { describeTlsError } from './tls-error.ts'

/** What to connect to. */
export interface Endpoint {
  /** The host name or address; an IPv6 address has no brackets. */
  readonly host: string
  readonly port: number
  /** The options of TLS; undefined means plain TCP. */
  readonly tls?: TlsEndpoint | undefined
}

export interface TlsEndpoint extends ConnectionOptions {
  /** The name that the certificate has to be valid for. */
  readonly servername: string
  /** The last TLS session, which the next connection to the same endpoint resumes. */
  session?: Buffer | undefined
}

export interface ConnectOptions {
  /** Whether the connection does not keep the process alive. */
  readonly unref: boolean
  /** The maximum time to establish the connection, in ms. */
  readonly timeout: number
  /** The protocols that TLS may negotiate. */
  readonly protocols: string[]
}

/** The callback of a connection that is being established, called once with an error or a connected socket. */
export type ConnectCallback = (error: Error | undefined, socket?: Socket) => void

/** A connection that is being established. */
export interface PendingConnection {
  /** Stops establishing the connection; the callback is not called. */
  abandon(): void
}

/**
 * The options of a TCP socket. The highWaterMark, which Node's types lack here, is undici's. A half-open socket can still
 * be written to at its end, which tells a reset from a clean end.
 */
function tcpOptions(host: string, port: number): TcpNetConnectOpts {
  // V8 would give each object made by a spread a shape of its own, which slows down everything that reads it.
  return { allowHalfOpen: true, highWaterMark: 65_536, host, port } as TcpNetConnectOpts
}

/** The scheme of a serialized origin, and its host with the port. This does not use `URL`: thousands of streams begin at once. */
export function splitOrigin(origin: string): [scheme: string, host: string] {
  const [scheme = '', host = ''] = origin.split('://')
  return [scheme, host]
}

/** The endpoint of a serialized origin, without TLS. */
export function endpointOf(origin: string): Endpoint {
  const [scheme, address] = splitOrigin(origin)
  const [, host = '', port] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(address) ?? []
  return { host, port: Number(port ?? (scheme === 'https' ? 443 : 80)) }
}

/** The host and the port of an endpoint, as in a URL. */
export function addressOf({ host, port }: Endpoint): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** The server name for TLS; empty for an address, since RFC 6066, section 3, allows only names. */
export function servernameOf(host: string): string {
  const name = host.replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1')
  return isIP(name) ? '' : name
}

/** Starts TLS. Its module is loaded by the first such connection: plain HTTP does not need it. */
function connectTls(options: ConnectionOptions): TLSSocket {
  return process.getBuiltinModule('node:tls').connect(options)
}

/** Connects to an endpoint; the callback is called once. */
export function connect(endpoint: Endpoint, options: ConnectOptions, callback: ConnectCallback): PendingConnection {
  const { host, port, tls } = endpoint
  const socket = tls
    ? connectTls({ ...tls, host, port, ALPNProtocols: options.protocols })
    : connectTcp(tcpOptions(host, port))
  return new PendingSocket(socket, endpoint, options, callback)
}

/** Establishes a TLS connection to an endpoint over a connected socket, such as a tunnel. */
export function connectOver(
  socket: Socket,
  endpoint: Endpoint,
  options: ConnectOptions,
  callback: ConnectCallback,
): PendingConnection {
  const tls = connectTls({ ...endpoint.tls, socket, ALPNProtocols: options.protocols })
  return new PendingSocket(tls, endpoint, options, callback)
}

/** The time of silence after which TCP checks that the peer is still there, in ms. */
const keepAliveDelay = 60_000

/** The current user of a socket: the pending connection until it is established, and the connection from then on. */
export interface SocketOwner {
  /** The socket has failed. */
  failed(error: Error): void
  closed(): void
}

/**
 * The member of a socket that refers to its owner. Listeners read it from `this`: they are added once, before those of Node
 * itself, and a closure for each would take much of the memory of an idle stream.
 */
export const socketOwner: unique symbol = Symbol('socketOwner')

interface OwnedSocket extends Socket {
  [socketOwner]: SocketOwner
}

/** Lets a connected socket report to another owner. */
export function setSocketOwner(socket: Socket, owner: SocketOwner): void {
  ;(socket as OwnedSocket)[socketOwner] = owner
}

function onConnect(this: Socket): void {
  ;((this as OwnedSocket)[socketOwner] as PendingSocket).connected()
}

function onError(this: Socket, error: Error): void {
  ;(this as OwnedSocket)[socketOwner].failed(error)
}

function onClose(this: Socket): void {
  ;(this as OwnedSocket)[socketOwner].closed()
}

function keepSession(socket: Socket, tls: TlsEndpoint): void {
  socket.on('session', (session: Buffer) => {
    tls.session = session
  })
}

class PendingSocket implements PendingConnection, SocketOwner {
  readonly #socket: Socket | TLSSocket
  /** The host and the port, for messages. */
  readonly #address: string
  /** Present until the connection is established, or has failed. */
  #callback: ConnectCallback | undefined
  readonly #timer: Timer

  constructor(
    socket: Socket | TLSSocket,
    endpoint: Endpoint,
    { unref, timeout }: ConnectOptions,
    callback: ConnectCallback,
  ) {
    const { tls } = endpoint
    this.#socket = socket
    this.#address = addressOf(endpoint)
    this.#callback = callback
    if (unref) socket.unref()
    this.#timer = startTimer(
      () => this.failed(new Error(`no connection to ${this.#address} within ${timeout} ms`)),
      timeout,
      true,
    )
    setSocketOwner(socket, this)
    socket
      .once(tls ? 'secureConnect' : 'connect', onConnect)
      .on('error', onError)
      .on('close', onClose)
    if (tls) keepSession(socket, tls)
  }

  connected(): void {
    // Before the connection, Node would set both twice: at once, and again when the socket is connected.
    this.#socket.setNoDelay(true).setKeepAlive(true, keepAliveDelay)
    this.#settle(undefined, this.#socket)
  }

  failed(error: Error & { readonly errors?: readonly Error[] }): void {
    if (!this.#callback) return
    this.#socket.destroy()
    // Where a host has several addresses, Node's error has no message of its own.
    error.message ||= error.errors?.map(({ message }) => message).join(', ') ?? ''
    describeTlsError(error, this.#address)
    // Node names a host that has no address, and an address that refuses the connection, but not where a connection ended.
    const { syscall, code } = error as NodeJS.ErrnoException
    if (code === 'ECONNRESET' && syscall !== 'connect') error.message += `: ${this.#address}`
    this.#settle(error)
  }

  closed(): void {
    this.failed(new Error(`the connection to ${this.#address} was closed while it was being established`))
  }

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
