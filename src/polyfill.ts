import { EventSource } from './index.ts'

if (!('EventSource' in globalThis) || !globalThis.EventSource) {
  Object.defineProperty(globalThis, 'EventSource', { value: EventSource, writable: true, configurable: true })
}
