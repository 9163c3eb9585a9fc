// The transport of React Native, over a browser's XMLHttpRequest.
import { createXhrTransport } from '../../../src/react-native/xhr-transport.ts'
import { createFetchTransport, sendUnchanged } from '../../../src/transport/fetch.ts'
import type { CreateTransport } from '../../../src/transport/transport.ts'

export const createTransport: CreateTransport = ({ fetch }) =>
  fetch ? createFetchTransport(fetch, sendUnchanged) : createXhrTransport(Infinity)
