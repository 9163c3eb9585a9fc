import type { EventHandlers } from './events.ts'

/**
 * Decodes the UTF-8 of one stream, split anywhere, and strips one byte order mark, as TextDecoder does by itself; but
 * those of Deno and workerd also strip one from a later chunk.
 */
export function createDecoder(): (bytes: Uint8Array) => string {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  let started = false
  return (bytes) => {
    const text = decoder.decode(bytes, { stream: true })
    const stripped = started ? text : text.replace(/^\uFEFF/, '')
    started ||= text !== ''
    return stripped
  }
}

/**
 * Whether HTTP can carry a header. Not every runtime's Headers refuses the rest: workerd's and happy-dom's take nearly
 * anything.
 */
export function isHeader(name: unknown, value: unknown): boolean {
  return (
    /^[\w!#$%&'*+.^`|~-]+$/.test(`${name}`) &&
    !/[\0\r\n]|[^\0-\xff]/.test(`${value}`.replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, ''))
  )
}

/** Whether the platform reads `on…` from the target of a dispatch. */
let platformReadsHandlers = false
{
  const probe = new EventTarget()
  Object.defineProperty(probe, 'onprobe', {
    get() {
      platformReadsHandlers = true
      return null
    },
  })
  probe.dispatchEvent(new Event('probe'))
}

/**
 * workerd reads `on…` from the target and calls it by itself at the start of a dispatch (browsers, Node, Deno and Bun
 * do not); our own listener would then run the handler a second time, so that one read has to find nothing.
 */
export function adaptEventHandlers(handlers: EventHandlers): EventHandlers {
  if (!platformReadsHandlers) return handlers
  let hidden: string | undefined
  return {
    ...handlers,
    get(type) {
      const isHidden = hidden === type
      hidden = undefined
      return isHidden ? null : handlers.get(type)
    },
    dispatch(event) {
      if (handlers.get(event.type)) hidden = event.type
      handlers.dispatch(event)
    },
  }
}
