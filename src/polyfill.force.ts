import { EventSource } from './index.ts'

Object.defineProperty(globalThis, 'EventSource', { value: EventSource, writable: true, configurable: true })
