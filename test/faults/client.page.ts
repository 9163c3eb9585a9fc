import { EventSource } from '../../src/index.ts'
import { type Reception, receiveAll } from './receive-all.ts'

// The client in a page: the test calls it there.
declare global {
  var receive: (url: string, total: number) => Promise<Reception>
}

globalThis.receive = (url, total) => receiveAll(EventSource, url, total)
