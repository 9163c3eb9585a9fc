import type { Dispatcher } from 'undici'
import { createUndiciTransport } from '../../src/node/undici.ts'
import { readSettings } from '../../src/options/settings.ts'
import { createFetchTransport } from '../../src/transport/fetch.ts'
import { redirectingFetch } from '../../src/transport/redirecting-fetch.ts'
import type { Transport } from '../../src/transport/transport.ts'

/** The transport that Node has by default, or over a dispatcher that is given. */
export function overUndici(dispatcher?: Dispatcher): Transport {
  return createUndiciTransport(readSettings('http://feed.example/', dispatcher && { dispatcher }))
}

/** Those that have to behave in the same way. */
export const transports = [
  ['fetch', () => createFetchTransport(undefined, redirectingFetch)],
  ['undici', overUndici],
] as const satisfies readonly (readonly [string, () => Transport])[]
