import type { Dispatcher } from 'undici'
import type { Connections } from '../../src/node/connections.ts'
import { LateTransport } from '../../src/node/late-transport.ts'
import { createFetchTransport } from '../../src/transport/fetch.ts'
import { sendAndRedirect } from '../../src/transport/redirecting-fetch.ts'
import type { Transport } from '../../src/transport/transport.ts'

/** Creates the default transport of Node, or one over a given dispatcher. */
export function overNode(dispatcher?: Dispatcher | Connections): Transport {
  return new LateTransport({ dispatcher, unref: false })
}

/** The transports that must behave in the same way. */
export const transports = [
  ['fetch', () => createFetchTransport(undefined, sendAndRedirect)],
  ['connections of our own', overNode],
] as const satisfies readonly (readonly [string, () => Transport])[]
