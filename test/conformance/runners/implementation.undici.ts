// The library as exported by the entry point for Node, over undici.
export { ErrorEvent, EventSource } from '../../../src/index.node.ts'
