import { defineProperty } from './define-property.ts'
import { EventSource } from './index.ts'

defineProperty(globalThis, 'EventSource', { value: EventSource, writable: true, configurable: true })
