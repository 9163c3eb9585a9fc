import { EventBase, EventTargetBase } from './base-classes.ts'
import type { Decode, EventHandlers } from './platform.ts'

export { onAbort } from './abort-signal.ts'
export { isHeader } from './header-syntax.ts'
export { showFields } from './inspection.ts'
export { findMissingGlobal } from './missing-globals.ts'
export { createHeaders } from './request-headers.ts'
export { EventBase, EventTargetBase }

// For every runtime without a separate file: Deno, Bun, edge workers, and browsers if the build for browsers was
// not chosen (CommonJS). It detects what the runtime does, and makes no assumptions.

const createTextDecoder = (): TextDecoder => new TextDecoder('utf-8', { ignoreBOM: true })

/** Decodes chunks that begin and end between characters: it keeps no state for a stream, and is twice as fast. */
let statelessDecoder: TextDecoder | undefined

/**
 * Strips the byte order mark itself: with a TextDecoder that does so, Deno and workerd also strip one from a later
 * chunk.
 */
export function createDecoder(): Decode {
  let streamingDecoder: TextDecoder | undefined
  let endsWithinCharacter = false
  let hasText = false
  return (bytes) => {
    const beginsWithinCharacter = endsWithinCharacter
    const lastByte = bytes.at(-1)
    if (lastByte !== undefined) endsWithinCharacter = lastByte > 0x7f
    let text: string
    if (beginsWithinCharacter || endsWithinCharacter) {
      streamingDecoder ??= createTextDecoder()
      text = streamingDecoder.decode(bytes, { stream: true })
    } else {
      statelessDecoder ??= createTextDecoder()
      text = statelessDecoder.decode(bytes)
    }
    if (hasText) return text
    hasText = text !== ''
    return text.replace(/^\uFEFF/, '')
  }
}

/** Whether the runtime reads `on…` from the target of a dispatch. */
function readsEventHandlers(): boolean {
  let wasRead = false
  const probe = new EventTargetBase()
  Object.defineProperty(probe, 'onprobe', {
    get() {
      wasRead = true
      return null
    },
  })
  probe.dispatchEvent(new EventBase('probe'))
  return wasRead
}

let runtimeReadsEventHandlers: boolean | undefined

/**
 * workerd reads `on…` from the target at the start of a dispatch, and calls what it finds (browsers, Node, Deno and Bun
 * do not). The listener that calls the handler would then call it a second time, so the runtime's read finds null.
 */
export function adaptEventHandlers(handlers: EventHandlers): EventHandlers {
  runtimeReadsEventHandlers ??= readsEventHandlers()
  if (!runtimeReadsEventHandlers) return handlers
  let hiddenType: string | undefined
  return {
    set: (type, value) => handlers.set(type, value),
    get(type) {
      const isHidden = hiddenType === type
      hiddenType = undefined
      return isHidden ? null : handlers.get(type)
    },
    dispatch(event) {
      if (handlers.get(event.type)) hiddenType = event.type
      handlers.dispatch(event)
    },
  }
}

/** The standard's members are not in the prototype in Deno and in happy-dom, which define them on each event. */
const standardMembers = ['data', 'origin', 'lastEventId', 'source', 'ports', Symbol.toStringTag]

export function messageEventMembers(): readonly PropertyKey[] {
  return [...new Set([...standardMembers, ...Object.getOwnPropertyNames(MessageEvent.prototype)])]
}
