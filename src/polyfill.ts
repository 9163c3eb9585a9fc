import { defineProperty } from './define-property.ts'
import { EventSource } from './index.ts'

if (!('EventSource' in globalThis) || !globalThis.EventSource) {
  defineProperty(globalThis, 'EventSource', { value: EventSource, writable: true, configurable: true })
}
