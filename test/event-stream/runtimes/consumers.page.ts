import { consumers } from './consumers.ts'

// The test calls the consumers in the page.
declare global {
  var streamConsumers: typeof consumers
}

globalThis.streamConsumers = consumers
