// The library as Node's own entry point has it: over undici.
export { ErrorEvent, EventSource } from '../../../src/index.node.ts'
