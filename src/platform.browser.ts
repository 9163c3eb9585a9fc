import type { EventHandlers } from './events.ts'

// Takes the place of platform.server.ts in the build for browsers.

export function createDecoder(): (bytes: Uint8Array) => string {
  const decoder = new TextDecoder()
  return (bytes) => decoder.decode(bytes, { stream: true })
}

export function isHeader(name: unknown, value: unknown): boolean {
  try {
    return !!new Headers([[name, value] as [string, string]])
  } catch {
    return false
  }
}

// Declared as a function, as esbuild leaves out the calls of those that only return what they are given.
export function adaptEventHandlers(handlers: EventHandlers): EventHandlers {
  return handlers
}

export const messageEventMembers = Object.getOwnPropertyNames(MessageEvent.prototype)
