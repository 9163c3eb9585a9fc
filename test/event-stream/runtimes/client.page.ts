import { clients } from './clients.ts'

// The clients in a page: the test calls them there.
declare global {
  var streamClients: typeof clients
}

globalThis.streamClients = clients
