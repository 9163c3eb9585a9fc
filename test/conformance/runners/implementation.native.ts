// The runtime's own EventSource, as a reference to check the cases against.
const native = globalThis as unknown as typeof import('../../../src/index.ts')

export const EventSource = native.EventSource
export const ErrorEvent = native.ErrorEvent
