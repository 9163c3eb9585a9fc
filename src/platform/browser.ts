import type { Decode, EventHandlers } from './platform.ts'

export { EventBase, EventTargetBase } from './base-classes.ts'
export { findMissingGlobal } from './missing-globals.ts'
export { createHeaders } from './request-headers.ts'

// Browsers follow the standards, so nothing here is a workaround. What every page has may be missing when a test tool
// on a server imports the build for browsers.

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

export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  signal.addEventListener('abort', callback)
  return () => signal.removeEventListener('abort', callback)
}

/** Does nothing: the consoles of browsers show every field. */
export function showFields(_: unknown): void {}

export function messageEventMembers(): readonly PropertyKey[] {
  return Object.getOwnPropertyNames(MessageEvent.prototype)
}
