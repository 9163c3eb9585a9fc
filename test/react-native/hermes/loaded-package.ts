// Takes the place of the package in a program that is loaded after it.
type Package = typeof import('../../../src/index.ts')

export const { EventSource, ErrorEvent, EventStreamError, openEventStream } = (
  globalThis as unknown as { __everysource: Package }
).__everysource
