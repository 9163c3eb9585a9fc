import type { EventHandlers } from './events.ts'

const standardMembers = ['data', 'origin', 'lastEventId', 'source', 'ports', Symbol.toStringTag]

/** Those of the standard are not in the prototype in Deno and in happy-dom, which have them in each event. */
export const messageEventMembers = new Set([...standardMembers, ...Object.getOwnPropertyNames(MessageEvent.prototype)])

const createTextDecoder = () => new TextDecoder('utf-8', { ignoreBOM: true })

/** For what begins and ends between characters: it needs no memory of its own for a stream, and is twice as fast. */
const wholeDecoder = createTextDecoder()

/**
 * Decodes the UTF-8 of one stream, split anywhere, and strips one byte order mark, as TextDecoder does by itself; but
 * those of Deno and workerd also strip one from a later chunk.
 */
export function createDecoder(): (bytes: Uint8Array) => string {
  let streaming: TextDecoder | undefined
  let isSplit = false
  let started = false
  return (bytes) => {
    const wasSplit = isSplit
    const last = bytes.at(-1)
    if (last !== undefined) isSplit = last > 127
    let text: string
    if (wasSplit || isSplit) {
      streaming ??= createTextDecoder()
      text = streaming.decode(bytes, { stream: true })
    } else {
      text = wholeDecoder.decode(bytes)
    }
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
