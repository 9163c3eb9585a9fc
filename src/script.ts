/** All public names, as members of the one global that the script for a page sets: a script has no entry points. */
// biome-ignore lint/performance/noReExportAll: a public name that is missing here would be noticed late.
export * from './index.ts'
export { SharedEventSource } from './shared/shared-event-source.ts'
