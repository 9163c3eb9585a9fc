import { afterEach } from 'vitest'
import { certificate } from '../../fixtures/certificate.ts'
import { type FrameScript, type FrameServer, startFrameServer } from '../../fixtures/http2/frame-server.ts'
import { Connections, type ConnectionsOptions } from '../../src/node/connections.ts'
import type { TransportRequest, TransportResponse } from '../../src/transport/transport.ts'
import { exchange } from '../transport/exchange.ts'
import { createRequest } from '../transport/record.ts'
import { overNode } from '../transport/transports.ts'

const closers: (() => unknown)[] = []

/** Calls a function after the test. */
export function afterTest(close: () => unknown): void {
  closers.push(close)
}

afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()))
})

/** Starts a server that follows a script, until the end of the test. */
export async function serveFrames(script: FrameScript): Promise<FrameServer> {
  const server = await startFrameServer(script)
  afterTest(server.close)
  return server
}

/** Connections that trust the server, and notice soon that it is dead. */
export const connect = (options: ConnectionsOptions = {}): Connections =>
  new Connections({ tls: { ca: certificate }, pingInterval: 200, ...options })

/** A request that was sent. */
export interface Sent {
  /** Fulfilled when the body has ended, rejected when the connection was lost. */
  readonly done: Promise<void>
  /** Fulfilled with the head of the response. */
  readonly responded: Promise<number>
  readonly head: Promise<TransportResponse>
  readonly text: string
  /** The message of a refusal. */
  readonly refusal: string | undefined
  /** A promise that the consumer is waiting for; undefined if it does not lag. */
  consumer: Promise<void> | undefined
  abort(hasTimedOut?: boolean): void
}

export function send(connections: Connections, url: string, given: Partial<TransportRequest> = {}): Sent {
  const signal = { aborted: false, hasTimedOut: false, onabort: undefined as (() => void) | undefined }
  let respond = (_: TransportResponse): void => {}
  const head = new Promise<TransportResponse>((resolve) => {
    respond = resolve
  })
  const sent = {
    text: '',
    refusal: undefined as string | undefined,
    consumer: undefined as Promise<void> | undefined,
    head,
    responded: head.then(({ status }) => status),
    abort(hasTimedOut = false) {
      Object.assign(signal, { aborted: true, hasTimedOut })
      signal.onabort?.()
    },
  }
  const done = exchange(overNode(connections), createRequest(url, { signal: signal as never, ...given }), {
    response: respond,
    bytes(chunk) {
      sent.text += Buffer.from(chunk)
      return sent.consumer
    },
    refuse(_, message) {
      sent.refusal = message
    },
  })
  done.catch(() => {})
  return Object.assign(sent, { done })
}

/** Sends a request to a server that answers every request with `answer`. */
export async function ask(answer: FrameScript['request'], given: Partial<TransportRequest> = {}): Promise<Sent> {
  const server = await serveFrames({ request: answer as NonNullable<FrameScript['request']> })
  return send(connect(), server.origin, given)
}
