// The transport of React Native, over a browser's XMLHttpRequest.
import { createXhrTransport } from '../../../src/react-native/xhr-transport.ts'
import { createFetchTransport, sendUnchanged } from '../../../src/transport/fetch.ts'
import type { CreateTransport, Transport } from '../../../src/transport/transport.ts'

/**
 * Without the header, which React Native's transport sends, Chromium may answer from a response to the same URL that is
 * still arriving. Across origins it would be preflighted.
 */
function withoutCache(transport: Transport): Transport {
  return {
    ...transport,
    send(request, handler) {
      if (new URL(request.url).origin === globalThis.origin) request.headers.set('Cache-Control', 'no-cache')
      transport.send(request, handler)
    },
  }
}

export const createTransport: CreateTransport = ({ fetch }) =>
  fetch ? createFetchTransport(fetch, sendUnchanged) : withoutCache(createXhrTransport(Infinity))
