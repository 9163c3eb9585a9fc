import type { Dispatcher } from 'undici'
import { readSettings } from '../../src/options.ts'
import { createFetchTransport } from '../../src/transport/fetch.ts'
import type { Transport } from '../../src/transport/transport.ts'
import { createUndiciTransport } from '../../src/transport/undici.ts'

/** Creates the default transport of Node, or one over a given dispatcher. */
export function overUndici(dispatcher?: Dispatcher): Transport {
  return createUndiciTransport(readSettings('http://feed.example/', dispatcher && { dispatcher }))
}

/** The transports that must behave in the same way. */
export const transports = [
  ['fetch', () => createFetchTransport(undefined)],
  ['undici', overUndici],
] as const satisfies readonly (readonly [string, () => Transport])[]
