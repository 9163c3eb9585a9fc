// For Node, where undici is the transport.
import './index.node.ts'

// biome-ignore lint/performance/noReExportAll: the same names as everywhere is what this entry is, so they are not listed twice.
export * from './shared-event-source.ts'
