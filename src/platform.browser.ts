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

export const adaptEventHandlers = (handlers: EventHandlers): EventHandlers => handlers
