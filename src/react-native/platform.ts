import type { Decode, EventHandlers } from '../platform/platform.ts'
import { TextChunk } from './text-chunk.ts'

export { onAbort } from '../platform/abort-signal.ts'
export { isHeader } from '../platform/header.ts'
export { Event as EventBase, EventTarget as EventTargetBase } from './runtime-events.ts'

/**
 * Decodes one stream, and strips one byte order mark from its start: a response over XMLHttpRequest comes as text, which
 * React Native leaves the mark in; one over a `fetch` that streams comes in bytes.
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

/** React Native's EventTarget does not read `on…`. */
export function adaptEventHandlers(handlers: EventHandlers): EventHandlers {
  return handlers
}

/** Messages are of the class itself here. */
export function messageEventMembers(): readonly PropertyKey[] {
  return []
}
