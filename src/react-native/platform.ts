import { findMissingGlobal as findMissing } from '../platform/missing-globals.ts'
import type { Decode, EventHandlers } from '../platform/platform.ts'
import { TextChunk } from './text-chunk.ts'

export { onAbort } from '../platform/abort-signal.ts'
export { isHeader } from '../platform/header-syntax.ts'
export { createHeaders } from '../platform/request-headers.ts'
export { Event as EventBase, EventTarget as EventTargetBase } from './runtime-events.ts'

/**
 * Decodes one stream, and strips one byte order mark from its start. A response over XMLHttpRequest arrives as text, in
 * which React Native leaves the mark; a response over a `fetch` that streams arrives as bytes.
 */
export function createDecoder(): Decode {
  let decoder: TextDecoder | undefined
  let hasText = false
  return (chunk) => {
    let text: string
    if (chunk instanceof TextChunk) {
      text = chunk.text
    } else {
      decoder ??= new TextDecoder('utf-8', { ignoreBOM: true })
      text = decoder.decode(chunk, { stream: true })
    }
    if (hasText) return text
    hasText = text !== ''
    return text.replace(/^\uFEFF/, '')
  }
}

/**
 * Finds a missing global, except for a TextDecoder, which text over XMLHttpRequest does not need, and for what
 * `web-api.ts` provides.
 */
export function findMissingGlobal(): string | undefined {
  return findMissing(['Headers', 'AbortController'])
}

/** Returns the handlers unchanged: React Native's EventTarget does not read `on…` attributes. */
export function adaptEventHandlers(handlers: EventHandlers): EventHandlers {
  return handlers
}

/** Does nothing: React Native's console shows every field. */
export function showFields(_: unknown): void {}

/** The names of further members: none, since messages are instances of the class itself here. */
export function messageEventMembers(): readonly PropertyKey[] {
  return []
}
