import { Event as OwnEvent, EventTarget as OwnEventTarget } from './event-target.ts'

type Globals = Pick<typeof globalThis, 'Event' | 'EventTarget'>

/** Both or none of the runtime's: neither works with a stranger. */
export const { Event, EventTarget }: Globals =
  globalThis.Event && globalThis.EventTarget
    ? globalThis
    : ({ Event: OwnEvent, EventTarget: OwnEventTarget } as unknown as Globals)
