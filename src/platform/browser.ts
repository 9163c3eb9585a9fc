import type { Decode, EventHandlers } from './platform.ts'

// Browsers keep to the standards: nothing here works around anything.

export function createDecoder(): Decode {
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

export function adaptEventHandlers(handlers: EventHandlers): EventHandlers {
  return handlers
}

export function messageEventMembers(): readonly PropertyKey[] {
  return Object.getOwnPropertyNames(MessageEvent.prototype)
}
