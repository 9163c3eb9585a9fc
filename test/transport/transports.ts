import type { Dispatcher } from 'undici'
import { createUndiciTransport } from '../../src/node/undici.ts'
import { readSettings } from '../../src/options/settings.ts'
import { createFetchTransport } from '../../src/transport/fetch.ts'
import { redirectingFetch } from '../../src/transport/redirecting-fetch.ts'
import type { Transport } from '../../src/transport/transport.ts'

/** Creates the default transport of Node, or one over a given dispatcher. */
export function overUndici(dispatcher?: Dispatcher): Transport {
  return createUndiciTransport(readSettings('http://feed.example/', dispatcher && { dispatcher }))
}

/** The transports that must behave in the same way. */
export const transports = [
  ['fetch', () => createFetchTransport(undefined, redirectingFetch)],
  ['undici', overUndici],
] as const satisfies readonly (readonly [string, () => Transport])[]
